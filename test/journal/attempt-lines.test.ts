import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JournalLevel } from '../../src/job/job.ts';
import type { JournalEvent } from '../../src/journal/event.ts';
import { JobOutputs } from '../../src/journal/job-outputs.ts';
import { Redactor } from '../../src/redact/redactor.ts';
import { idOf } from '../schedule/jobs.ts';

/** Where records go, with everything that came. */
class Desk {
  readonly records: Record<string, string>[] = [];
  readonly events: JournalEvent[] = [];
  nowMs = 0;
  isBehind = false;
  /** How many records are taken before none is any more. */
  room = Number.POSITIVE_INFINITY;
  readonly outputs: JobOutputs;

  constructor(redactor = new Redactor()) {
    this.outputs = new JobOutputs(
      this,
      redactor,
      (event) => this.events.push(event),
      () => this.nowMs,
    );
  }

  send(record: Buffer): boolean {
    if (this.room <= 0) return false;
    this.room -= 1;
    const lines = record.toString().slice(0, -1).split('\n');
    this.records.push(Object.fromEntries(lines.map((line) => line.split(/=(.*)/s, 2) as [string, string])));
    return true;
  }

  job(id = 'a', { level = null, attempt = 1 }: { level?: JournalLevel | null; attempt?: number } = {}) {
    const spec = { name: 'nightly', kind: 'pipeline', tags: { team: 'data' }, journal: level } as const;
    return this.outputs.announce({ job: { id: idOf(id), pipelineId: null, spec }, attempt });
  }

  /** What was written by that job, as `stream priority text`. */
  lines(id = 'a'): string[] {
    return this.records
      .filter((record) => record.BOOTY_JOB_ID === id)
      .map(({ BOOTY_STREAM, PRIORITY, MESSAGE }) => `${BOOTY_STREAM} ${PRIORITY} ${MESSAGE}`);
  }

  get lost(): number {
    return this.events.reduce((sum, event) => sum + (event.kind === 'output.dropped' ? event.lines : 0), 0);
  }
}

/** One that writes; it must be one. */
function running(desk: Desk, ...of: Parameters<Desk['job']>) {
  const lines = desk.job(...of);
  assert.ok(lines);
  lines.beginStep('main');
  return {
    lines,
    out: (text: string | Buffer): void => lines.write('stdout', Buffer.from(text)),
    err: (text: string): void => lines.write('stderr', Buffer.from(text)),
  };
}

void test('each line is a record with the fields of its job, step and stream', () => {
  const desk = new Desk();
  const { lines, out, err } = running(desk, 'a', { attempt: 2 });
  out('one\ntw');
  err('oops\n');
  out('o\n\nthree');
  lines.beginStep('load');
  out('four\n');
  lines.end();
  assert.deepEqual(desk.lines(), ['stdout 6 one', 'stderr 5 oops', 'stdout 6 two', 'stdout 6 three', 'stdout 6 four']);
  assert.deepEqual(desk.records[1], {
    PRIORITY: '5',
    SYSLOG_IDENTIFIER: 'booty/nightly',
    BOOTY_JOB_ID: 'a',
    BOOTY_JOB_NAME: 'nightly',
    BOOTY_KIND: 'pipeline',
    BOOTY_TAG_TEAM: 'data',
    BOOTY_ATTEMPT: '2',
    BOOTY_STEP: 'main',
    BOOTY_STREAM: 'stderr',
    MESSAGE: 'oops',
  });
  assert.deepEqual(
    desk.records.map(({ BOOTY_STEP }) => BOOTY_STEP),
    ['main', 'main', 'main', 'main', 'load'],
  );
  assert.equal(desk.lost, 0);
});

void test('what a job says of the journal goes before what booty.yaml says', () => {
  const desk = new Desk();
  assert.ok(desk.job());
  assert.equal(desk.job('b', { level: 'off' }), null);
  desk.outputs.setLevel('off');
  assert.equal(desk.job(), null);
  const { out, err } = running(desk, 'c', { level: 'errors' });
  out('progress\n');
  err('failure\n');
  assert.deepEqual(desk.lines('c'), ['stderr 5 failure']);
});

void test('a line may say its priority, as for systemd', () => {
  const desk = new Desk();
  const { out } = running(desk);
  out('<3>bad\n<7>detail\n<8>eight\n<b>bold\n');
  assert.deepEqual(desk.lines(), ['stdout 3 bad', 'stdout 7 detail', 'stdout 6 <8>eight', 'stdout 6 <b>bold']);
});

void test('colours, bars that grow, and bytes that are no text do not blank a line', () => {
  const desk = new Desk();
  const { out } = running(desk);
  out('\u001b[31mred\u001b[0m\n10%\r20%\r30%\nend\r\n  at\tindented\n');
  out(Buffer.from([0x61, 0xff, 0x00, 0x62, 0x0a]));
  assert.deepEqual(
    desk.lines().map((line) => line.slice('stdout 6 '.length)),
    ['red', '30%', 'end', '  at\tindented', 'a\ufffd b'],
  );
});

void test('a character that comes in two pieces is one', () => {
  const desk = new Desk();
  const { out } = running(desk);
  const bytes = Buffer.from('grün\n');
  for (const byte of bytes) out(Buffer.of(byte));
  assert.deepEqual(desk.lines(), ['stdout 6 grün']);
});

void test('a line without end comes in pieces', () => {
  const desk = new Desk();
  const { lines, out } = running(desk);
  for (let index = 0; index < 20; index += 1) out('x'.repeat(10_000));
  lines.end();
  const pieces = desk.records.map(({ MESSAGE = '' }) => MESSAGE.length);
  assert.equal(
    pieces.reduce((sum, length) => sum + length, 0),
    200_000,
  );
  assert.ok(Math.max(...pieces) <= 48 * 1024, pieces.join());
});

void test('a flood is cut at a bound, to the line: what is sent and what is told of the rest is everything', () => {
  const desk = new Desk();
  const { lines, out } = running(desk);
  const total = 60_000;
  let chunk = '';
  for (let index = 0; index < total; index += 1) {
    chunk += `line ${index}\n`;
    // Pieces that end anywhere; 10 ms a piece.
    if (chunk.length < 5000 && index < total - 1) continue;
    out(chunk.slice(0, -3));
    out(chunk.slice(-3));
    chunk = '';
    desk.nowMs += 10;
  }
  lines.end();
  assert.equal(desk.records.length + desk.lost, total);
  assert.ok(desk.records.length >= 10_000 && desk.records.length < 11_500, `${desk.records.length} sent`);
  const numbers = desk.records.map(({ MESSAGE = '' }) => Number(/^line (\d+)$/.exec(MESSAGE)?.[1]));
  assert.ok(
    numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0)),
    'whole lines, in order',
  );
  assert.ok(desk.events.length <= 10, `${desk.events.length} records tell of it`);
});

void test('after a pause it goes on', () => {
  const desk = new Desk();
  const { lines, out } = running(desk);
  out('flood\n'.repeat(20_000));
  assert.equal(desk.records.length, 10_000);
  out('half a li');
  desk.nowMs += 5000;
  out('ne\nback\n');
  lines.end();
  assert.deepEqual(desk.lines().slice(-1), ['stdout 6 back']);
  assert.equal(desk.records.length + desk.lost, 20_000 + 2);
});

void test('one that floods costs others no line', () => {
  const desk = new Desk();
  const loud = Array.from({ length: 5 }, (_, index) => running(desk, `loud-${index}`));
  const quiet = running(desk, 'quiet');
  for (let round = 0; round < 200; round += 1) {
    for (const { out } of loud) out('flood\n'.repeat(1000));
    quiet.out('still here\n');
    desk.nowMs += 100;
  }
  assert.equal(desk.lines('quiet').length, 200);
  // 20 seconds: 25,000 at once and 1,000 a second.
  assert.ok(desk.records.length <= 45_000 + 200, `${desk.records.length}`);
});

void test('what journald does not take is counted as well', () => {
  const desk = new Desk();
  const { lines, out } = running(desk);
  desk.room = 5;
  desk.isBehind = true;
  out('a\nb\nc\nd\ne\nf\ng\n');
  out('h\ni');
  desk.room = 100;
  out('\nj\n');
  desk.isBehind = false;
  out('k\n');
  lines.end();
  assert.deepEqual(
    desk.lines().map((line) => line.at(-1)),
    ['a', 'b', 'c', 'd', 'e', 'k'],
  );
  assert.equal(desk.lost, 5);
  assert.deepEqual(desk.events, [{ kind: 'output.dropped', id: 'a', attempt: 1, lines: 5 }]);
});

void test('neither a value of secrets.env nor what looks like a credential is in a record', () => {
  const secret = 'correct horse battery staple';
  const desk = new Desk(new Redactor([{ name: 'KEY', value: secret }]));
  const { lines, out, err } = running(desk);
  err(`failed: ${secret.slice(0, 9)}\u001b[1m${secret.slice(9)}\u001b[0m\n`);
  out('postgres://app:hunter22@db/app\n');
  out('Authorization: Bearer abcdefghijklmnop0123456789\n');
  lines.end();
  const shown = desk.lines().join('\n');
  assert.doesNotMatch(shown, /horse|hunter22|abcdefghij/);
  assert.equal(desk.records.length, 3);
});

void test('a private key that is printed line by line is in no record', () => {
  const key = Array.from({ length: 24 }, (_, index) => `MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEA${index}`);
  const text = ['before', '-----BEGIN PRIVATE KEY-----', ...key, '-----END PRIVATE KEY-----', 'after that'];
  const printings: readonly string[][] = [
    text.map((line) => `${line}\n`),
    [`${text.join('\n')}\n`],
    [`${text.slice(0, 9).join('\n')}\n`, ...text.slice(9).map((line) => `${line}\n`)],
  ];
  for (const pieces of printings) {
    const desk = new Desk();
    const { lines, out } = running(desk);
    for (const piece of pieces) out(piece);
    lines.end();
    assert.doesNotMatch(desk.lines().join('\n'), /MII/, JSON.stringify(pieces.slice(0, 2)));
    assert.deepEqual([desk.lines()[0], desk.lines().at(-1)], ['stdout 6 before', 'stdout 6 after that']);
  }
});
