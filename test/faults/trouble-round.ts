import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OutcomeRecord } from '../../src/job/outcome.ts';
import { Receiver } from '../harness/receiver.ts';
import type { Root } from '../harness/root.ts';
import type { SupervisorProcess } from '../harness/supervisor.ts';
import { poll } from '../harness/waiting.ts';
import { assertUnchanged, dropFirst, dropMore, makeGoodState, outcomesOf } from './round-jobs.ts';
import { startFast } from './scratch.ts';
import { StatusListener } from './status-listener.ts';

/*
 * One round: jobs run when the trouble begins, others are dropped while it lasts. What runs goes on to its end, the
 * journal tells of it once, the status names it, and when it is over everything goes on by itself, with nothing lost and
 * no attempt charged.
 */

export const config = 'concurrency: { pipeline: 6, verifier: 2 }\nspool: { scanInterval: 200ms }\n';

/** How long it lasts: many times the interval of the looks, so that a line for each would be seen. */
const lastsMs = 1500;
/** Within how long everything must have gone on by itself. */
const resumeLimitMs = 10_000;

interface Trouble {
  /** What the journal may name; at least one of them it must. */
  readonly where: readonly string[];
  /** What of that must last until its end; default: all of it. */
  readonly lasting?: readonly string[];
  begin(): void;
  end(): void;
}

/** Where the status goes, and where events go. */
export async function surroundings(
  root: Root,
): Promise<AsyncDisposable & { receiver: Receiver; status: StatusListener; env: Record<string, string> }> {
  await using made = new AsyncDisposableStack();
  const receiver = made.use(await Receiver.listen());
  await root.write('etc/secrets.env', `SENTRY_DSN=${receiver.dsn}\n`, 0o600);
  const status = made.use(await StatusListener.listen(root.in('notify')));
  const owned = made.move();
  const env = { ...startFast, NOTIFY_SOCKET: root.in('notify') };
  return { receiver, status, env, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

interface RoundParts {
  readonly supervisor: SupervisorProcess;
  readonly receiver: Receiver;
  readonly status: StatusListener;
  readonly trouble: Trouble;
}

/** Plays the round under a supervisor that is ready, to its stop. */
export async function playRound({ supervisor, receiver, status, trouble }: RoundParts): Promise<void> {
  const { root } = supervisor;
  await root.write('marks', '');
  const before = await makeGoodState(root, supervisor);
  await dropFirst(root, supervisor);
  trouble.begin();
  await dropMore(root);
  await root.write('go', '');
  await poll('the end of what runs', () => (endsIn(root).length >= 2 ? true : null));
  const began = new RegExp(`^trouble\\.began where=(?:${trouble.where.join('|')}) `);
  await supervisor.line(began);
  await status.until(new RegExp(`^STATUS=.*(?:${trouble.where.join('|')})`));
  await sleep(lastsMs);
  assertToldOnce(supervisor, trouble.lasting);
  const over = placesOf(supervisor, 'trouble.ended').filter((where) => trouble.lasting?.includes(where) ?? true);
  assert.deepEqual(over, [], 'it was over before it was');
  trouble.end();
  await settle(supervisor);
  assertToldOnce(supervisor, trouble.lasting);
  await assertNothingLost(root, receiver);
  assertUnchanged(root, before);
  await poll('a status without trouble', () => (/trouble/i.test(status.status ?? '') ? null : true));
  assert.deepEqual(await supervisor.stop(), { status: 0, signal: null });
  assertSound(root);
}

/** Until each job has its outcome, and each trouble is over. */
async function settle(supervisor: SupervisorProcess): Promise<void> {
  const { root } = supervisor;
  const ids = [...Object.keys(outcomesOf), 'comes-checked+verify'];
  const isDone = (): boolean =>
    ids.every((id) => root.outcome(id) !== null) &&
    root.names('spool/rejected').includes('bad.yaml') &&
    openTroubles(supervisor).length === 0;
  const state = (): string =>
    [
      `without outcome: ${ids.filter((id) => !root.outcome(id)).join(' ')}`,
      ...supervisor.lines.map((line) => line.raw),
    ].join('\n');
  await poll('everything to go on by itself', () => isDone() || null, { timeoutMs: resumeLimitMs, everyMs: 20, state });
}

const placesOf = (supervisor: SupervisorProcess, kind: string): string[] =>
  supervisor.linesOf({ kind }).map((line) => line.fields.where ?? '');

/** Once each trouble is over. */
export const noTrouble = (supervisor: SupervisorProcess): Promise<true> =>
  poll('the end of all trouble', () => (openTroubles(supervisor).length === 0 ? true : null), {
    state: () => supervisor.lines.map((line) => line.raw).join('\n'),
  });

function openTroubles(supervisor: SupervisorProcess): string[] {
  const ended = placesOf(supervisor, 'trouble.ended');
  return placesOf(supervisor, 'trouble.began').filter((where, index, all) => {
    const times = all.slice(0, index + 1).filter((one) => one === where).length;
    return ended.filter((one) => one === where).length < times;
  });
}

/** One line for each place, at a priority that an operator sees. */
export function assertToldOnce(supervisor: SupervisorProcess, lasting: readonly string[] | null = null): void {
  const places = placesOf(supervisor, 'trouble.began').filter((where) => lasting?.includes(where) ?? true);
  const all = supervisor.lines.map((line) => line.raw).join('\n');
  assert.deepEqual(places, [...new Set(places)], all);
  for (const { fields, priority } of supervisor.linesOf({ kind: 'trouble.began' }))
    assert.equal(priority, fields.where === 'machine' ? 'warning' : 'error');
}

async function assertNothingLost(root: Root, receiver: Receiver): Promise<void> {
  for (const [id, wanted] of Object.entries(outcomesOf)) {
    const outcome = root.outcome(id);
    assert.equal(outcome?.outcome, wanted, `${id}: ${outcome?.reason}`);
    assert.deepEqual(
      outcome.attempts.map(({ attempt, cause }) => [attempt, cause]),
      [[1, wanted === 'crashed' ? 'exit-code' : null]],
      `${id} was charged`,
    );
    if (wanted === 'crashed') await eventOf(receiver, outcome);
  }
  const starts = readFileSync(root.in('marks'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('start'));
  assert.deepEqual(
    starts.sort(),
    Object.keys(outcomesOf)
      .sort()
      .map((id) => `start ${id} 1`),
  );
  assert.equal(root.names('spool/outcomes').length, Object.keys(outcomesOf).length + 2);
  assert.deepEqual(root.names('spool/incoming'), []);
  assert.deepEqual(root.names('spool/rejected').sort(), [
    'bad.yaml',
    'bad.yaml.reason.json',
    'was-bad.yaml',
    'was-bad.yaml.reason.json',
  ]);
}

/** Where the disk of the outbox refused, the outcome may say so; the event comes all the same. */
async function eventOf(receiver: Receiver, outcome: OutcomeRecord): Promise<void> {
  const find = () => receiver.events.find(({ event }) => event.tags?.job_id === outcome.id);
  const { id } = await receiver.until(`the event of ${outcome.id}`, find);
  if (outcome.sentry?.capture !== 'failed') assert.equal(outcome.sentry?.eventId, id);
}

const endsIn = (root: Root): string[] =>
  readFileSync(root.in('marks'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('end runs-'));

export function assertSound(root: Root): void {
  const database = new DatabaseSync(root.in('lib/ledger.db'), { readOnly: true });
  try {
    assert.deepEqual({ ...database.prepare('PRAGMA quick_check').get() }, { quick_check: 'ok' });
    assert.deepEqual(
      { ...database.prepare(`SELECT count(*) AS open FROM job WHERE state <> 'ended'`).get() },
      { open: 0 },
    );
  } finally {
    database.close();
  }
}
