import assert from 'node:assert/strict';
import { mkdirSync, mkdtempDisposableSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock, test } from 'node:test';
import { bytes, milliseconds } from '../../src/job/units.ts';
import { Outbox, type Waiting } from '../../src/outbox/outbox.ts';

const limits = { maxBytes: bytes(1000), maxAgeMs: milliseconds(60_000) };
const idOf = (index: number): string => index.toString(16).padStart(32, '0');

/** An outbox in a directory of its own. */
function openOutbox(
  maxBytes = bytes(1000),
  onState: (failure: unknown) => void = () => undefined,
): Disposable & { readonly outbox: Outbox; readonly path: string; reopen(): Outbox } {
  const directory = mkdtempDisposableSync(join(tmpdir(), 'booty-outbox-'));
  const path = join(directory.path, 'outbox');
  mkdirSync(path);
  const reopen = (): Outbox => new Outbox(path, { ...limits, maxBytes }, onState);
  return { outbox: reopen(), path, reopen, [Symbol.dispose]: () => directory.remove() };
}

const envelopes = (path: string): string[] =>
  readdirSync(path)
    .filter((name) => name.endsWith('.envelope'))
    .sort();

/** All that waits, oldest first. Takes them out. */
function drain(outbox: Outbox): string[] {
  const ids: string[] = [];
  for (let oldest = outbox.oldest(); oldest; oldest = outbox.oldest()) {
    ids.push(oldest.eventId);
    outbox.remove(oldest);
  }
  return ids;
}

const oldestOf = (outbox: Outbox): Waiting => outbox.oldest() ?? assert.fail('nothing waits');

void test('an envelope that was stored is there after a restart, byte for byte, for nobody else to read', async () => {
  using opened = openOutbox();
  const envelope = Buffer.from('{}\n\0\xff', 'latin1');
  await opened.outbox.store(idOf(1), envelope);
  for (const outbox of [opened.outbox, opened.reopen()]) {
    assert.deepEqual([outbox.count, outbox.has(idOf(1)), outbox.has(idOf(2))], [1, true, false]);
    assert.deepEqual(outbox.read(oldestOf(outbox)), envelope);
  }
  const [name = ''] = envelopes(opened.path);
  assert.match(name, /^\d{13}-0{31}1\.envelope$/);
  assert.equal(statSync(join(opened.path, name)).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(opened.path).sort(), [name, 'dead'].sort());
});

void test('envelopes are delivered in the order in which they came, over a restart too', async (context) => {
  using opened = openOutbox();
  context.mock.timers.enable({ apis: ['Date'], now: 1_700_000_000_000 });
  const ids = [5, 3, 9, 1].map(idOf);
  for (const id of ids) {
    await opened.outbox.store(id, Buffer.from(id));
    context.mock.timers.tick(1);
  }
  const reopened = opened.reopen();
  assert.deepEqual(drain(reopened), ids);
  assert.equal(opened.reopen().count, 0);
});

void test('the same event again changes nothing', async () => {
  using opened = openOutbox();
  const told = mock.fn();
  opened.outbox.onStored(told);
  await opened.outbox.store(idOf(1), Buffer.from('first'));
  await opened.outbox.store(idOf(1), Buffer.from('second'));
  await opened.reopen().store(idOf(1), Buffer.from('third'));
  assert.deepEqual(opened.outbox.read(oldestOf(opened.outbox))?.toString(), 'first');
  assert.deepEqual([envelopes(opened.path).length, told.mock.callCount()], [1, 1]);
});

void test('the same event twice at the same time is one', async () => {
  using opened = openOutbox();
  const clock = mock.method(Date, 'now', () => 1_700_000_000_000 + clock.mock.callCount());
  try {
    await Promise.all([1, 2, 3].map(() => opened.outbox.store(idOf(1), Buffer.from('same'))));
  } finally {
    clock.mock.restore();
  }
  assert.equal(envelopes(opened.path).length, 1);
  drain(opened.outbox);
  assert.deepEqual(envelopes(opened.path), []);
});

void test('an outbox that is full says so, and takes more once something is delivered', async () => {
  using opened = openOutbox();
  await opened.outbox.store(idOf(1), Buffer.alloc(600));
  await opened.outbox.store(idOf(2), Buffer.alloc(400));
  const full = { message: 'the outbox is full (outbox.maxBytes is 1000B)' };
  await assert.rejects(opened.outbox.store(idOf(3), Buffer.alloc(1)), full);
  await assert.rejects(opened.reopen().store(idOf(3), Buffer.alloc(1)), full);
  assert.equal(envelopes(opened.path).length, 2);
  opened.outbox.remove(oldestOf(opened.outbox));
  await opened.outbox.store(idOf(3), Buffer.alloc(600));
  await assert.rejects(opened.outbox.store(idOf(4), Buffer.alloc(1)), full);
});

void test('an outbox is full for those too who come at the same time', async () => {
  using opened = openOutbox();
  const results = await Promise.allSettled(
    [1, 2, 3].map((index) => opened.outbox.store(idOf(index), Buffer.alloc(600))),
  );
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
});

void test('a smaller form takes the place of an envelope, and its room is given back', async () => {
  using opened = openOutbox();
  await opened.outbox.store(idOf(1), Buffer.alloc(900));
  await opened.outbox.store(idOf(2), Buffer.alloc(50));
  opened.outbox.replace(oldestOf(opened.outbox), Buffer.alloc(100, 'x'));
  assert.equal(opened.outbox.read(oldestOf(opened.outbox))?.toString(), 'x'.repeat(100));
  await opened.outbox.store(idOf(3), Buffer.alloc(850));
  assert.deepEqual(drain(opened.outbox), [1, 2, 3].map(idOf));
  await opened.outbox.store(idOf(4), Buffer.alloc(1000));
});

void test('an envelope that got a smaller form takes no more room than that, whatever becomes of it', async () => {
  for (const end of ['remove', 'bury'] as const) {
    using opened = openOutbox();
    const { outbox } = opened;
    await outbox.store(idOf(1), Buffer.alloc(900));
    const waiting = oldestOf(outbox);
    outbox.replace(waiting, Buffer.alloc(100));
    outbox.postpone(waiting);
    await outbox.store(idOf(2), Buffer.alloc(900));
    outbox[end](waiting);
    await outbox.store(idOf(3), Buffer.alloc(100));
    await assert.rejects(outbox.store(idOf(4), Buffer.alloc(1)), /the outbox is full/, end);
    assert.deepEqual(envelopes(join(opened.path, 'dead')).length, 0, 'the dead have made room');
  }
});

void test('what will never be delivered is kept aside, and its room is given back', async () => {
  using opened = openOutbox();
  await opened.outbox.store(idOf(1), Buffer.alloc(1000, 'x'));
  const waiting = oldestOf(opened.outbox);
  opened.outbox.bury(waiting);
  assert.equal(readFileSync(join(opened.path, 'dead', waiting.name)).length, 1000);
  await opened.outbox.store(idOf(2), Buffer.alloc(1000));
  opened.outbox.bury(waiting);
  assert.deepEqual(drain(opened.reopen()), [idOf(2)]);
});

void test('an envelope that somebody took away is no failure', async () => {
  using opened = openOutbox();
  for (const index of [1, 2]) await opened.outbox.store(idOf(index), Buffer.alloc(500));
  const waiting = oldestOf(opened.outbox);
  rmSync(join(opened.path, waiting.name));
  assert.equal(opened.outbox.read(waiting), null);
  opened.outbox.remove(waiting);
  opened.outbox.remove(waiting);
  assert.equal(opened.outbox.count, 1);
  const other = oldestOf(opened.outbox);
  rmSync(join(opened.path, other.name));
  opened.outbox.bury(other);
  assert.equal(opened.outbox.count, 0);
});

void test('what is not an envelope is left alone', async () => {
  using opened = openOutbox();
  const names = [
    'note.txt',
    `.1700000000000-${idOf(1)}.envelope.abc.tmp`,
    `17-${idOf(1)}.envelope`,
    '1700000000000-x.envelope',
  ];
  for (const name of names) writeFileSync(join(opened.path, name), 'x');
  const outbox = opened.reopen();
  assert.equal(outbox.count, 0);
  await outbox.store(idOf(1), Buffer.alloc(1000));
  for (const name of names) assert.equal(readFileSync(join(opened.path, name), 'utf8'), 'x');
});

void test('what a power cut left half written is cleared away', () => {
  using opened = openOutbox();
  writeFileSync(join(opened.path, '.0123456789ab.tmp'), 'half');
  opened.reopen();
  assert.deepEqual(readdirSync(opened.path), ['dead']);
});

void test('an envelope is too old by when it was stored, over restarts', async (context) => {
  using opened = openOutbox();
  context.mock.timers.enable({ apis: ['Date'], now: 1_700_000_000_000 });
  await opened.outbox.store(idOf(1), Buffer.from('x'));
  const outbox = opened.reopen();
  const waiting = oldestOf(outbox);
  assert.equal(outbox.isTooOld(waiting, 1_700_000_060_000), false);
  assert.equal(outbox.isTooOld(waiting, 1_700_000_060_001), true);
});

void test('what the disk refuses is told, and held until there is room, for delivery too', async () => {
  const states: unknown[] = [];
  using opened = openOutbox(bytes(1000), (failure) => states.push(failure));
  const { outbox } = opened;
  rmSync(opened.path, { recursive: true });
  for (const number of [1, 2, 3])
    await assert.rejects(outbox.store(idOf(number), Buffer.from(`x${number}`)), { code: 'ENOENT' });
  const delivered = outbox.oldest();
  assert.ok(delivered);
  assert.equal(outbox.read(delivered)?.toString(), 'x1');
  outbox.remove(delivered);
  await outbox.keepHeld();
  assert.equal(states.filter((state) => state !== null).length, 4);
  mkdirSync(join(opened.path, 'dead'), { recursive: true });
  // The same crash, captured again by somebody who waited for the disk.
  await outbox.store(idOf(2), Buffer.from('x2'));
  await outbox.keepHeld();
  assert.equal(states.at(-1), null);
  const written = envelopes(opened.path).map((name) => readFileSync(join(opened.path, name), 'utf8'));
  assert.deepEqual(written.sort(), ['x2', 'x3']);
  assert.equal(outbox.count, 2);
});

void test('what the disk refuses is held up to a limit', async () => {
  using opened = openOutbox(bytes(64 * 1024 ** 2));
  rmSync(opened.path, { recursive: true });
  for (const number of [1, 2, 3])
    await assert.rejects(opened.outbox.store(idOf(number), Buffer.alloc(7 * 1024 ** 2)), { code: 'ENOENT' });
  assert.equal(opened.outbox.count, 2);
});

void test('an event of a machine whose clock says 1970 is found again', async () => {
  using opened = openOutbox();
  const { now } = Date;
  Date.now = () => 86_400_000;
  try {
    await opened.outbox.store(idOf(1), Buffer.from('x'));
  } finally {
    Date.now = now;
  }
  assert.equal(opened.reopen().oldest()?.eventId, idOf(1));
});

void test('what Sentry will never take makes room for what it may', async () => {
  using opened = openOutbox();
  const dead = (): string[] => envelopes(join(opened.path, 'dead')).map((name) => name.slice(14, 46));
  const { outbox } = opened;
  for (const number of [1, 2, 3]) {
    await outbox.store(idOf(number), Buffer.alloc(300));
    const waiting = outbox.oldest();
    assert.ok(waiting);
    outbox.bury(waiting);
  }
  assert.equal(dead().length, 3);
  await outbox.store(idOf(4), Buffer.alloc(500));
  assert.deepEqual(dead(), [idOf(3)], 'the oldest go first');
  assert.equal(opened.reopen().count, 1);
  await outbox.store(idOf(5), Buffer.alloc(500));
  assert.deepEqual(dead(), []);
  await assert.rejects(outbox.store(idOf(6), Buffer.alloc(1)), /the outbox is full/);
});
