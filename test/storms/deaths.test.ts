import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventIdOf } from '../../src/crash/crash.ts';
import { bytes, milliseconds } from '../../src/job/units.ts';
import { Outbox } from '../../src/outbox/outbox.ts';
import { replayTally } from '../../src/outbox/tally.ts';
import { Receiver } from '../harness/receiver.ts';
import { crashesIn, crashNumber, outboxDirectory, Storm } from './storm.ts';

const group = 'a'.repeat(32);
const openOutbox = (path: string): Outbox =>
  new Outbox(path, { maxBytes: bytes(10_000_000), maxAgeMs: milliseconds(86_400_000) });

async function count(outbox: Outbox, from: number, to: number): Promise<void> {
  for (let index = from; index < to; index += 1) {
    const { job, endedAt } = crashNumber(index);
    const counted = { group, eventId: eventIdOf(job, 1), atMs: endedAt, jobId: job.id, count: 1 };
    await outbox.counts.count(counted, () => Promise.resolve(null));
  }
}

void test('a count is on the disk before its crash is reported', async () => {
  using directory = outboxDirectory();
  const outbox = openOutbox(directory.path);
  const handle = await open('/dev/null');
  const prototype = Object.getPrototypeOf(handle) as {
    datasync: () => Promise<void>;
    sync: () => Promise<void>;
  };
  await handle.close();
  const { datasync, sync } = prototype;
  /** What was in the file when the last fsync began: no more than that survives a power cut. */
  let safe = '';
  const noting = (before: () => Promise<void>) =>
    function noted(this: unknown): Promise<void> {
      const path = join(directory.path, 'tally.log');
      return before.call(this).then(() => {
        safe = readFileSync(path, { encoding: 'utf8', flag: 'a+' });
      });
    };
  prototype.datasync = noting(datasync);
  prototype.sync = noting(sync);
  try {
    // The first makes the file, durably as any other (test/power takes the fsync of that away).
    await count(outbox, 0, 1);
    for (let index = 1; index < 20; index += 1) {
      safe = '';
      await count(outbox, index, index + 1);
      assert.equal(replayTally(safe).untold, index + 1);
    }
  } finally {
    Object.assign(prototype, { datasync, sync });
  }
});

void test('a supervisor that dies between the event that tells a count and the note that it is told tells it once', async () => {
  await using receiver = await Receiver.listen();
  using directory = outboxDirectory();
  const { path } = directory;
  {
    const outbox = openOutbox(path);
    await count(outbox, 0, 7);
    const dying = async (eventId: string, envelope: Buffer<ArrayBuffer>): Promise<void> => {
      await outbox.store(eventId, envelope, group);
      throw new Error('killed');
    };
    await assert.rejects(outbox.counts.tell(group, dying), /killed/);
    await count(outbox, 7, 12);
  }
  {
    await using _second = new Storm({ path, dsn: receiver.dsn });
    await receiver.count(2);
  }
  assert.equal(crashesIn(receiver.events), 12);
  assert.deepEqual(new Set(receiver.events.map(({ event }) => event.tags?.repeated)), new Set(['5', '7']));
});

void test('the same where that event had arrived before', async () => {
  await using receiver = await Receiver.listen();
  using directory = outboxDirectory();
  const { path } = directory;
  {
    const outbox = openOutbox(path);
    await count(outbox, 0, 7);
    const dying = async (eventId: string): Promise<void> => {
      await outbox.counts.noteSent(eventId);
      throw new Error('killed');
    };
    await assert.rejects(outbox.counts.tell(group, dying), /killed/);
    await count(outbox, 7, 12);
  }
  {
    await using _second = new Storm({ path, dsn: receiver.dsn });
    await receiver.count(1);
  }
  assert.deepEqual(
    receiver.events.map(({ event }) => event.tags?.repeated),
    ['5'],
  );
});
