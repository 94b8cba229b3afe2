import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventIdOf } from '../../src/crash/crash.ts';
import { bytes, milliseconds } from '../../src/job/units.ts';
import { DropRecord } from '../../src/outbox/drop-record.ts';
import { Outbox } from '../../src/outbox/outbox.ts';
import { replayTally } from '../../src/outbox/tally.ts';
import { Receiver } from '../harness/receiver.ts';
import { poll } from '../harness/waiting.ts';
import { countedBy, crashesIn, crashNumber, outboxDirectory, Storm } from './storm.ts';

const envelopes = (path: string): string[] => readdirSync(path).filter((name) => name.endsWith('.envelope'));
const bytesWaiting = (path: string): number =>
  envelopes(path).reduce((total, name) => total + statSync(join(path, name)).size, 0);

void test('an outbox without room counts what it has twice, keeps the first of each bug, and tells all in the end', async () => {
  await using receiver = await Receiver.listen();
  using directory = outboxDirectory();
  const { path } = directory;
  const maxBytes = 30_000;
  const limits = { burst: 1000, windowMs: milliseconds(60_000), maxPerHour: 100_000 };
  {
    await using storm = new Storm({ path, maxBytes, limits });
    const records = [];
    for (let index = 0; index < 120; index += 1) {
      records.push(await storm.capture(crashNumber(index, index % 4)));
      assert.ok(bytesWaiting(path) <= maxBytes);
    }
    // Once something of a bug had to be dropped, what comes is counted at once.
    const { captured = 0, counted = 0 } = countedBy(records);
    assert.deepEqual([captured + counted, captured > 10, counted > 10], [120, true, true]);
    const [first] = records;
    assert.ok(
      envelopes(path).some((name) => name.includes(first?.eventId ?? '-')),
      'the first of its bug is there',
    );
    const dropped = storm.told.flatMap((line) => (line.kind === 'outbox.dropped' ? [line.eventId] : []));
    assert.ok(dropped.length >= 4, `${dropped.length} dropped`);
    assert.deepEqual(
      new DropRecord(path).read().map(({ eventId, what }) => [eventId, what]),
      dropped.map((eventId) => [eventId, 'counted']),
    );
    assert.equal(storm.outbox.counts.untold + storm.outbox.count, 120);
  }
  await using _again = new Storm({ path, limits, dsn: receiver.dsn });
  await receiver.until('all of them', () => (crashesIn(receiver.events) >= 120 ? true : null));
  assert.equal(crashesIn(receiver.events), 120);
});

void test('an event that was counted for want of room, and whose file was left by a death, is not sent too', async () => {
  await using receiver = await Receiver.listen();
  using directory = outboxDirectory();
  const { path } = directory;
  {
    await using storm = new Storm({ path });
    for (const index of [1, 2, 3]) await storm.capture(crashNumber(index));
    const [, second = ''] = envelopes(path).sort();
    const [, eventId = '', group = ''] = second.replace('.envelope', '').split('-');
    await storm.outbox.counts.count({ eventId, group, atMs: 1, jobId: 'job-2', count: 1 }, () => Promise.resolve(null));
  }
  await using again = new Storm({ path, dsn: receiver.dsn });
  await poll('all is told', () => (again.outbox.counts.untold === 0 && again.outbox.count === 0 ? true : null));
  assert.equal(crashesIn(receiver.events), 3);
});

void test('a disk that refuses counts delays nothing, and has them all once it takes them again', async () => {
  await using receiver = await Receiver.listen();
  using directory = outboxDirectory();
  const { path } = directory;
  const states: unknown[] = [];
  {
    await using storm = new Storm({ path, limits: { burst: 1 }, onState: (failure) => states.push(failure) });
    countedBy([await storm.capture(crashNumber(0)), await storm.capture(crashNumber(1))]);
    renameSync(path, `${path}.away`);
    writeFileSync(path, '');
    for (const index of [2, 3, 4]) {
      const record = await storm.capture(crashNumber(index));
      assert.equal(record.capture, 'failed');
      assert.match(record.error ?? '', /ENOTDIR/);
    }
    assert.ok(states.at(-1) instanceof Error, 'it is told');
    rmSync(path);
    renameSync(`${path}.away`, path);
    await storm.outbox.keepHeld();
    assert.equal(states.at(-1), null);
    assert.equal(replayTally(readFileSync(join(path, 'tally.log'), 'utf8')).untold, 4);
    // Who waited for the ledger has it captured anew.
    assert.equal((await storm.capture(crashNumber(2))).capture, 'counted');
    assert.equal(storm.outbox.counts.untold, 4);
  }
  await using _again = new Storm({ path, dsn: receiver.dsn });
  await receiver.count(2);
  assert.equal(crashesIn(receiver.events), 5);
});

void test('a tally that was torn by a power cut goes on, and grows no longer than it must', async () => {
  await using receiver = await Receiver.listen();
  using directory = outboxDirectory();
  const { path } = directory;
  const tally = join(path, 'tally.log');
  const limits = { burst: 1 };
  {
    const { counts } = new Outbox(path, { maxBytes: bytes(1_000_000), maxAgeMs: milliseconds(86_400_000) });
    for (let index = 0; index < 10; index += 1) {
      const { job, endedAt } = crashNumber(index);
      const counted = { group: 'a'.repeat(32), eventId: eventIdOf(job, 1), atMs: endedAt, jobId: job.id, count: 1 };
      await counts.count(counted, () => Promise.resolve(null));
    }
  }
  // Killed before it could tell; and the last line that nobody was told of is half there.
  writeFileSync(tally, 'count 0123456789abc', { flag: 'a' });
  {
    await using storm = new Storm({ path, limits });
    await poll('it is told', () => (storm.outbox.counts.untold === 0 ? true : null));
    countedBy(await storm.captureAll(Array.from({ length: 20_000 }, (_, index) => crashNumber(index + 10))));
    assert.ok(statSync(tally).size < 1.6 * 1024 ** 2, `${statSync(tally).size} bytes`);
  }
  await using _again = new Storm({ path, dsn: receiver.dsn, limits });
  await receiver.until('all of them', () => (crashesIn(receiver.events) >= 20_010 ? true : null));
  assert.equal(crashesIn(receiver.events), 20_010);
  assert.equal(existsSync(join(path, 'delivery.json')), false);
});
