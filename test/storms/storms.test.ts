import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CaptureRecord } from '../../src/job/outcome.ts';
import { milliseconds } from '../../src/job/units.ts';
import { Receiver } from '../harness/receiver.ts';
import { poll } from '../harness/waiting.ts';
import { countedBy, crashesIn, crashNumber, outboxDirectory, Storm } from './storm.ts';

const bytesIn = (path: string): number =>
  (readdirSync(path, { recursive: true }) as string[]).reduce(
    (total, name) => total + statSync(join(path, name)).size,
    0,
  );

void test('10,000 crashes of one bug in a minute are ten events and one that says: and 9,990 more', async () => {
  await using receiver = await Receiver.listen();
  using directory = outboxDirectory();
  let records: readonly CaptureRecord[] = [];
  {
    await using storm = new Storm({ path: directory.path, dsn: receiver.dsn });
    records = await storm.captureAll(Array.from({ length: 10_000 }, (_, index) => crashNumber(index)));
    assert.deepEqual(countedBy(records), { captured: 10, counted: 9990 });
    assert.ok(bytesIn(directory.path) < 4 * 1024 ** 2, `${bytesIn(directory.path)} bytes`);
    await receiver.count(10);
  }
  // Told at the stop, and sent by the next one.
  await using _again = new Storm({ path: directory.path, dsn: receiver.dsn });
  const events = await receiver.count(11);
  assert.equal(crashesIn(events), 10_000);
  const [first, last] = [events[0], events.at(-1)];
  assert.ok(first && last);
  assert.equal(last.event.tags?.repeated, '9990');
  assert.deepEqual(last.event.logentry, { formatted: 'and 9,990 more: nightly/load exited with 3: the bug called a' });
  assert.match(last.event.breadcrumbs?.at(-1)?.message ?? '', /^and 9,990 more, from \d.*Z to \d.*Z$/);
  assert.equal(last.event.contexts?.repeated?.count, 9990);
  assert.match(String(last.event.contexts?.repeated?.some_jobs), /^(?:job-\d+, ){9}job-9999$/);
  assert.deepEqual(last.event.fingerprint, first.event.fingerprint, 'the same issue');
  assert.deepEqual(last.event.exception, first.event.exception);
  assert.deepEqual([last.event.release, last.event.environment], ['shop@1', 'test']);
  assert.deepEqual(
    records.at(-1),
    { eventId: events[9]?.id, capture: 'counted' },
    'a counted one names an event to look at',
  );
});

void test('what was counted is told when its window is over, and no bug hides another', async () => {
  await using receiver = await Receiver.listen();
  using directory = outboxDirectory();
  await using storm = new Storm({
    path: directory.path,
    dsn: receiver.dsn,
    limits: { burst: 2, windowMs: milliseconds(300) },
  });
  const records = await Promise.all(
    Array.from({ length: 90 }, (_, index) => storm.capture(crashNumber(index, index % 3))),
  );
  assert.deepEqual(countedBy(records), { captured: 6, counted: 84 });
  const events = await receiver.count(9);
  assert.equal(crashesIn(events), 90);
  assert.deepEqual(
    events.slice(6).map(({ event }) => event.tags?.repeated),
    ['28', '28', '28'],
  );
  assert.equal(new Set(events.map(({ event }) => JSON.stringify(event.fingerprint))).size, 3);
  await poll('no sample is left', () => (readdirSync(join(directory.path, 'counted')).length === 0 ? true : null));
  assert.equal(storm.outbox.counts.untold, 0);
});

void test('two thousand different bugs are as many events as an hour may have, and one that tells of the rest', async () => {
  await using receiver = await Receiver.listen();
  using directory = outboxDirectory();
  const { tell } = await (async () => {
    await using storm = new Storm({ path: directory.path, dsn: receiver.dsn, limits: { maxPerHour: 20 } });
    const different = (index: number) => ({ ...crashNumber(index), lastLine: `bug ${words(index)}` });
    const records = await storm.captureAll(Array.from({ length: 2000 }, (_, index) => different(index)));
    assert.deepEqual(countedBy(records), { captured: 20, counted: 1980 });
    await receiver.count(20);
    return { tell: storm.told };
  })();
  await using _again = new Storm({ path: directory.path, dsn: receiver.dsn });
  const events = await receiver.count(21);
  assert.equal(crashesIn(events), 2000);
  const { event } = events.at(-1) ?? assert.fail();
  assert.deepEqual(event.fingerprint, ['booty', 'too many different crashes']);
  assert.equal(event.exception?.values[0]?.type, 'Too many different crashes');
  assert.match(event.exception?.values[0]?.value ?? '', /^1,980 crashes of different kinds .*bug /);
  assert.deepEqual(
    tell.flatMap((line) => (line.kind === 'crash.repeated' ? [line.count] : [])),
    [1980],
  );
});

const digits = ['zero', 'one', 'two', 'six', 'ten', 'red', 'low', 'sea', 'sky', 'sun'];
/** Without digits: those are left out of what groups. */
const words = (index: number): string =>
  String(index)
    .replace(/\d/g, (digit) => `${digits[Number(digit)]} `)
    .trim();

void test('of more bugs than are counted apart the rest is counted together, and told while it runs', async () => {
  await using receiver = await Receiver.listen();
  using directory = outboxDirectory();
  const limits = { burst: 1, windowMs: milliseconds(500), maxPerHour: 10_000 };
  await using storm = new Storm({ path: directory.path, dsn: receiver.dsn, limits });
  const twice = Array.from({ length: 600 }, (_, index) => ({ ...crashNumber(index), lastLine: words(index % 300) }));
  countedBy(await storm.captureAll(twice));
  await receiver.until('all of them', () => (crashesIn(receiver.events) >= 600 ? true : null));
  assert.equal(crashesIn(receiver.events), 600);
  await poll('nothing is left to tell', () => (storm.outbox.counts.untold === 0 ? true : null));
});

void test('the same crash captured again is told once, whether it was sent or counted', async () => {
  await using receiver = await Receiver.listen();
  using directory = outboxDirectory();
  const crashes = Array.from({ length: 5 }, (_, index) => crashNumber(index));
  const options = { path: directory.path, dsn: receiver.dsn, limits: { burst: 2 } };
  {
    await using storm = new Storm(options);
    const first = await Promise.all(crashes.map((crash) => storm.capture(crash)));
    assert.deepEqual(countedBy(first), { captured: 2, counted: 3 });
    await receiver.count(2);
    const again = await Promise.all(crashes.map((crash) => storm.capture(crash)));
    assert.deepEqual(countedBy(again), { captured: 2, counted: 3 });
  }
  await using storm = new Storm(options);
  await receiver.count(3);
  // Those whose end was not recorded when the supervisor died.
  await Promise.all(crashes.map((crash) => storm.capture(crash)));
  await storm[Symbol.asyncDispose]();
  await poll('all is sent', () => (storm.outbox.count === 0 ? true : null), { timeoutMs: 1000 });
  assert.equal(crashesIn(receiver.events), 5);
  assert.equal(receiver.events.length, 3);
});

void test('what sampling leaves out is neither sent nor counted', async () => {
  using directory = outboxDirectory();
  await using storm = new Storm({ path: directory.path, sampleRate: 0, limits: { burst: 1 } });
  const records = await Promise.all(Array.from({ length: 20 }, (_, index) => storm.capture(crashNumber(index))));
  assert.deepEqual(countedBy(records), { 'sampled-out': 20 });
  assert.deepEqual([storm.outbox.count, storm.outbox.counts.untold], [0, 0]);
});
