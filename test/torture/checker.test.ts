import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkBatch } from './check-batch.ts';
import { checkEnd, checkLife } from './check-end.ts';
import { type EndEvidence, type LifeRecord } from './evidence.ts';
import { type FlawKind, flawKinds } from './flaw.ts';
import { at, type Forged, forgeBatch, forgeEnd, life, mark, waitsAgain } from './forged.ts';
import { spoiledAttempts } from './spoiled-attempts.ts';
import { spoiledBatches } from './spoiled-batches.ts';
import { killed, Story } from './story.ts';

const killedByUs = { killed: true, signal: 'SIGKILL' } as const;

const spoiledLives: readonly (readonly [FlawKind, string, Partial<LifeRecord>])[] = [
  ['died', 'a supervisor died by itself', { status: 70 }],
  ['died', 'a supervisor was killed by nobody known', { signal: 'SIGKILL' }],
  ['died', 'a supervisor that was ready died of a TERM', { terms: 1, signal: 'SIGTERM' }],
  ['complained', 'a supervisor had trouble', { ...killedByUs, complaints: ['spool.degraded'] }],
  ['captured-late', 'a crash was told before its event was safe', { ...killedByUs, toldUncaptured: ['job.ended'] }],
  ['too-late', 'a supervisor did not stop', { ...killedByUs, late: 'TERM' }],
  ['rival', 'a second supervisor was let in', { rival: true, terms: 1, status: 0 }],
];

const spoiledEnds: readonly (readonly [FlawKind, string, (end: Forged<EndEvidence>) => unknown])[] = [
  ['process-left', 'a process outlived everything', (end) => end.processesLeft.push('plain 4242')],
  ['file-left', 'an event was never sent', (end) => end.filesLeft.push('outbox/1-2.envelope')],
  ['stranger', 'there is an outcome of nothing', (end) => end.strangers.push('the outcome x')],
  ['listed-otherwise', 'booty show tells something else', (end) => end.shownOtherwise.push('plain')],
  ['listed-otherwise', 'booty list lacks a job', (end) => end.listed.pop()],
  ['listed-otherwise', 'booty list tells another outcome', ({ listed: [row] }) => row && (row.outcome = 'crashed')],
  ['listed-otherwise', 'booty list counts other attempts', ({ listed: [row] }) => row && (row.attempt = 2)],
  [
    'listed-otherwise',
    'booty list has a job without an outcome',
    (end) => end.listed.push({ id: 'x', state: 'running', outcome: null, attempt: 1 }),
  ],
];

void test('the checker finds nothing where everything is as it must be', () => {
  assert.deepEqual(checkBatch(forgeBatch()), []);
  assert.deepEqual(checkEnd(forgeEnd()), []);
  for (const record of forgeBatch().lives) assert.deepEqual(checkLife(record, []), []);
});

void test('what the torturer did is not held against anybody', () => {
  const story = new Story();
  story.retell('crash', killed());
  story.unwrite('crash', 'end');
  story.batch.hits.push({ jobId: 'crash', attempt: 1 });
  assert.deepEqual(checkBatch(story.batch), []);
});

void test('an end that a busy machine records late, or never tells, lets others go first', () => {
  for (const again of [[waitsAgain('again', 2, 7500)], []]) {
    const story = new Story();
    story.outcome('told').acceptedAt = at(2950);
    Object.assign(story.attempt('again', 3), { startedAt: at(8500), endedAt: at(8600) });
    Object.assign(story.attempt('told'), { startedAt: at(8000), endedAt: at(8100) });
    story.life(2).again = again;
    assert.deepEqual(checkBatch(story.batch), []);
  }
});

void test('a file may be put aside after four supervisors died while it lay there', () => {
  const story = new Story();
  story.removeOutcome('plain');
  story.unwrite('plain');
  story.reject('plain.yaml', 'POISONOUS');
  for (const end of [100, 200, 300]) story.batch.lives.push(life(end - 100, end, killedByUs));
  assert.deepEqual(checkBatch(story.batch), []);
});

void test('a supervisor may be killed by its own job', () => {
  const record = life(0, 1000, { signal: 'SIGKILL' });
  assert.deepEqual(checkLife(record, [mark('kill', 'poison', 1, 990)]), []);
});

for (const { flaw, what, spoil } of [...spoiledAttempts, ...spoiledBatches]) {
  void test(`the checker sees that ${what}`, () => {
    const story = new Story();
    spoil(story);
    const found = checkBatch(story.batch).map(({ kind }) => kind);
    assert.ok(found.includes(flaw), `${flaw} is not among ${found.join(' ')}`);
  });
}

for (const [flaw, what, ending] of spoiledLives) {
  void test(`the checker sees that ${what}`, () => {
    const elsewhere = mark('kill', 'poison', 1, 2000);
    const found = checkLife(life(0, 1000, ending), [elsewhere]).map(({ kind }) => kind);
    assert.deepEqual(found, [flaw]);
  });
}

for (const [flaw, what, spoil] of spoiledEnds) {
  void test(`the checker sees that ${what}`, () => {
    const end = forgeEnd();
    spoil(end);
    const found = checkEnd(end).map(({ kind }) => kind);
    assert.deepEqual(found, [flaw]);
  });
}

void test('every kind of flaw is among those that were forged', () => {
  const forged = new Set<FlawKind>([
    ...[...spoiledAttempts, ...spoiledBatches].map(({ flaw }) => flaw),
    ...[...spoiledLives, ...spoiledEnds].map(([flaw]) => flaw),
  ]);
  assert.deepEqual(
    flawKinds.filter((kind) => !forged.has(kind)),
    [],
  );
});
