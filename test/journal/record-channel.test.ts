import assert from 'node:assert/strict';
import { test } from 'node:test';
import { channelLimits, RecordChannel } from '../../src/journal/record-channel.ts';
import { connectDatagram, isRead } from '../../src/native/datagram.ts';
import { FakeJournald } from '../harness/fake-journald.ts';
import { poll } from '../harness/waiting.ts';

const record = (text: string): Buffer => Buffer.from(`PRIORITY=6\nMESSAGE=${text}\n`);
const messages = (journald: FakeJournald): (string | undefined)[] => journald.records.map(({ MESSAGE }) => MESSAGE);

interface Opened {
  readonly channel: RecordChannel;
  /** What was told of events that were lost. */
  readonly lost: number[];
}
function open(path: string | (() => string)): Opened {
  const lost: number[] = [];
  const connect = (): number => connectDatagram(typeof path === 'string' ? path : path());
  return { channel: new RecordChannel({ connect, isRead }, (events) => lost.push(events)), lost };
}

void test('a journald that is slow gets every record, in order', async () => {
  using journald = new FakeJournald();
  const { channel } = open(journald.path);
  for (let index = 0; index < 2000; index += 1) {
    // Now and then there is room for one that comes, while others wait.
    if (index % 100 === 50) journald.read(3);
    assert.ok(channel.send(record(String(index)), index % 2 === 0 ? 'line' : 'event'));
  }
  await poll('all records', () => {
    journald.read(7);
    return journald.records.length === 2000 || null;
  });
  assert.deepEqual(
    messages(journald),
    Array.from({ length: 2000 }, (_, index) => String(index)),
  );
});

void test('one that has stopped holds nobody up: lines are left out first, events wait up to a bound, and what was lost is told', () => {
  using journald = new FakeJournald();
  const { channel, lost } = open(journald.path);
  const long = 'x'.repeat(10_000);
  const started = performance.now();
  let lines = 0;
  while (channel.send(record(long), 'line')) lines += 1;
  assert.ok(channel.isBehind);
  assert.ok(lines * 10_000 <= channelLimits.lineBytes + 64 * 10_000, `${lines} lines are kept`);
  const told = channelLimits.events + 500;
  let kept = 0;
  for (let index = 0; index < told; index += 1) if (channel.send(record(`e${index}`), 'event')) kept += 1;
  assert.equal(kept, channelLimits.events);
  assert.ok(performance.now() - started < 10_000, `${performance.now() - started} ms`);
  for (let before = -1; before < journald.records.length; channel.flush(0)) {
    before = journald.records.length;
    journald.read();
  }
  assert.deepEqual(lost, [500]);
  assert.equal(journald.records.length, lines + kept);
  assert.equal(messages(journald).at(-1), `e${channelLimits.events - 1}`);
  assert.ok(channel.send(record('on'), 'line'));
});

void test('a socket that is made anew is found', async () => {
  let journald = new FakeJournald();
  const { channel } = open(() => journald.path);
  channel.send(record('one'), 'event');
  journald.read();
  assert.deepEqual(messages(journald), ['one']);
  journald[Symbol.dispose]();
  channel.send(record('two'), 'event');
  using next = new FakeJournald();
  journald = next;
  await next.record({ MESSAGE: 'two' });
  channel.send(record('three'), 'event');
  await next.record({ MESSAGE: 'three' });
  assert.deepEqual(messages(next), ['two', 'three']);
});

void test('a record that is too long for the kernel is cut, not lost, and holds up none', () => {
  using journald = new FakeJournald();
  const { channel } = open(journald.path);
  channel.send(record('ä'.repeat(8_000_000)), 'event');
  channel.send(record('next'), 'event');
  journald.read();
  assert.equal(journald.records.length, 2);
  assert.match(journald.records[0]?.MESSAGE ?? '', /^ä{8000,}…$/);
  assert.equal(journald.records[1]?.MESSAGE, 'next');
});

void test('the end of the process waits until all is read, and not for ever', () => {
  using journald = new FakeJournald();
  const { channel } = open(journald.path);
  for (let index = 0; index < 1000; index += 1) channel.send(record('x'), 'event');
  const started = performance.now();
  channel.flush(200);
  const waited = performance.now() - started;
  assert.ok(waited >= 190 && waited < 5000, `${waited} ms`);
  journald.read();
  channel.flush(0);
  for (let round = 0; round < 1000; round += 1) {
    journald.read();
    channel.flush(0);
  }
  assert.equal(journald.records.length, 1000);
});

void test('where nobody listens, that is told', () => {
  assert.throws(() => open('/nowhere/socket'), { code: 'ENOENT' });
  assert.throws(() => open(`/${'x'.repeat(108)}`), { code: 'ENAMETOOLONG' });
});
