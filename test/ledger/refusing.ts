import assert from 'node:assert/strict';
import { Ledger } from '../../src/ledger/ledger.ts';
import { LedgerRefusal } from '../../src/ledger/refusal.ts';
import type { Acceptable } from '../../src/schedule/queue.ts';
import { acceptAll, claimOne, drop, endsOf, finishOf, idOf, idsOf, now } from '../schedule/jobs.ts';
import { contentOf } from './files.ts';

/** The room on the disk of a ledger. */
export interface Room {
  /** From now on its files cannot grow. */
  take(): void;
  give(): void;
}

const isRefusal = (error: unknown): boolean =>
  error instanceof LedgerRefusal && error.code === 'LEDGER_REFUSES' && error.cause !== undefined;

/** Fails the test unless all of these are refused. */
async function assertRefused(...changes: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(changes)) {
    assert.equal(result.status, 'rejected');
    assert.ok(isRefusal(result.reason), String(result.reason));
  }
}

/** A job whose text does not fit into the memory that SQLite keeps for a transaction: it goes to the disk before the end. */
function largeDrop(id: string): Acceptable {
  const { spec, ...rest } = drop(id);
  return { ...rest, spec: { ...spec, env: { LARGE: 'x'.repeat(4 * 1024 ** 2) } } };
}

/** What a ledger owes its supervisor while its disk has no room, and after that. */
export async function checkRefusals(path: string, room: Room): Promise<void> {
  const states: unknown[] = [];
  using ledger = new Ledger(path, (failure) => states.push(failure));
  const told = (): unknown[] => states.splice(0);
  await acceptAll(ledger, ['a'], ['b'], ['c']);
  const ended = await claimOne(ledger);
  await ledger.finish(ended, finishOf('succeeded'));
  const running = await claimOne(ledger);
  told();
  for (let time = 0; time < 3; time += 1) {
    const before = contentOf(path);
    room.take();
    // All that a supervisor asks for, in one turn: one transaction.
    await assertRefused(
      ledger.accept([drop('late')], now),
      ledger.claim('pipeline', 1, now),
      ledger.finish(running, finishOf('crashed')),
      ledger.release(running),
      ledger.noteProcess(running, { pid: 1, startTime: '1', bootId: 'x' }),
      ledger.reported(idOf('a')),
      ledger.noteRecovery(),
      ledger.retention.forgetLogs([idOf('a')]),
      ledger.suspects.count([]),
    );
    const [failure, ...others] = told();
    assert.ok(isRefusal(failure) && others.length === 0, 'it is told once');
    await assertRefused(ledger.probe());
    await assertRefused(ledger.accept([largeDrop('large')], now), ledger.accept([drop('small')], now));
    assert.deepEqual(told().map(isRefusal), [true, true]);
    // Whoever reads finds what there was, and nothing of the rest.
    assert.deepEqual(ledger.counts(), { waiting: 1, running: 1, verifying: 0 });
    assert.deepEqual(idsOf(ledger.leftovers().map(({ claim }) => claim)), ['b']);
    assert.deepEqual(
      ledger.reportsDue('', 9).map(({ id }) => id),
      ['a'],
    );
    assert.deepEqual(contentOf(path), before);
    room.give();
    await ledger.probe();
    assert.deepEqual(told(), [null]);
    assert.deepEqual(contentOf(path), before);
  }
  assert.deepEqual(endsOf(await ledger.finish(running, finishOf('crashed'))), ['b crashed']);
  await acceptAll(ledger, ['late']);
  assert.deepEqual(
    (await ledger.accept([largeDrop('large')], now)).map(({ kind }) => kind),
    ['accepted'],
  );
  assert.deepEqual(idsOf(await ledger.claim('pipeline', 9, now)), ['c', 'late', 'large']);
}
