import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flawsOf } from './check.ts';
import { parseEvidence, wholeLines } from './evidence.ts';
import { type Forgery, forge, forged } from './forged.ts';

const { eventId, file, job, journal, mark, outcome, outcomeFile } = forged;
const halfOutcome = file('outcomes', 'good.json', {
  sha256: 'of half',
  bytes: 7,
  flaw: 'Unexpected end of JSON input',
});
const envelope = `outbox/1-${eventId}.envelope`;
const lost = { outcome: 'crashed', cause: 'lost', eventId, capture: 'captured', lost: 3 } as const;

void test('nothing is wrong with a machine that kept what it told', () => {
  assert.deepEqual(flawsOf(forge({})), []);
});

const forgeries: readonly (readonly [name: string, forgery: Forgery, flaw: RegExp])[] = [
  ['an accepted job is gone', { gone: ['good'] }, /^boot 2: good: it was accepted, and is not in the ledger$/],
  ['the whole ledger is gone', { gone: ['ledger', 'good', 'boom'] }, /the ledger is gone/],
  ['the ledger is damaged', { found: [{ kind: 'ledger', flaw: 'row 7 missing' }] }, /the ledger is damaged: row 7/],
  ['an end was forgotten', { found: [job('good', null)] }, /good: it ended, and is waiting in the ledger/],
  [
    'an end has become another',
    { found: [job('boom', 'succeeded', { reportOwed: true })] },
    /boom: it ended as crashed, and has become succeeded/,
  ],
  [
    'an end is told in two ways',
    { seen: [journal('job.ended', { id: 'good', outcome: 'crashed' })] },
    /good: it ended as succeeded, then as crashed/,
  ],
  [
    'an outcome file is gone',
    { gone: ['outcomes/good.json'] },
    /good: it has no outcome file, and the ledger owes none/,
  ],
  [
    'an outcome file has changed',
    { found: [{ ...outcomeFile('good', 'succeeded'), sha256: 'other' }] },
    /good: its outcome file has changed/,
  ],
  [
    'an outcome file changes under our eyes',
    { seen: [{ kind: 'outcome', id: 'good', sha256: 'other' }] },
    /good: its outcome file has changed/,
  ],
  ['an outcome file is empty', { found: [halfOutcome] }, /outcomes\/good.json: it is not whole/],
  [
    'an outcome could be read of a job that has no end',
    { told: [outcome('waits')] },
    /waits: its outcome could be read, and it has not ended/,
  ],
  [
    'an outcome file and the ledger disagree',
    { ends: [outcomeFile('boom', 'succeeded')] },
    /boom.json: it says succeeded, and the ledger crashed/,
  ],
  ['a crash was not captured', { ends: [outcomeFile('boom', 'crashed')] }, /boom.json: its crash was not captured/],
  ['a captured event is gone', { gone: [envelope] }, /event e+: it was captured, and is not in the outbox/],
  [
    'the event of an outcome is gone',
    { ends: [outcomeFile('boom', 'crashed', 'f'.repeat(32))] },
    /its event f+ is not in the outbox/,
  ],
  [
    'an envelope is empty',
    { found: [file('outbox', `1-${eventId}.envelope`, { bytes: 0, flaw: 'no header' })] },
    /envelope: it is not whole: no header \(0 bytes\)/,
  ],
  ['a submitted file is gone', { gone: ['incoming/waits.yaml'] }, /waits.yaml: it was submitted, and is nowhere/],
  [
    'a submitted file is empty',
    { found: [file('incoming', 'waits.yaml', { bytes: 0, sha256: 'of nothing' })] },
    /incoming\/waits.yaml: it is not as it was dropped/,
  ],
  [
    'half of a file is there',
    { found: [file('claimed', 'token.unsafe.yaml', { bytes: 3, sha256: 'of half' })] },
    /claimed\/unsafe.yaml: it is not as it was dropped/,
  ],
  ['a submitted job never ran', { lacks: ['waits', 'outcomes/waits.json'] }, /waits.yaml: it never became a job/],
  [
    'a file nobody dropped',
    { found: [file('incoming', 'stranger.yaml')] },
    /incoming\/stranger.yaml: nobody dropped it/,
  ],
  [
    'a job nobody dropped',
    { ends: [job('stranger', 'succeeded'), outcomeFile('stranger', 'succeeded')] },
    /stranger: nobody dropped stranger.yaml/,
  ],
  [
    'a file came back',
    { found: [file('incoming', 'good.yaml')] },
    /good.yaml: it is job good, and lies in incoming again/,
  ],
  [
    'a file was taken twice',
    { ends: [job('good-again', 'succeeded', { file: 'good.yaml' }), outcomeFile('good-again', 'succeeded')] },
    /good.yaml: it was taken twice/,
  ],
  [
    'a file was accepted twice',
    { seen: [journal('job.accepted', { id: 'good-again', file: 'good.yaml' })] },
    /good.yaml: it was accepted twice/,
  ],
  [
    'a job was accepted twice',
    { seen: [journal('job.accepted', { id: 'good', file: 'other.yaml' })] },
    /good: it was accepted twice/,
  ],
  [
    'a sound file was refused',
    { ends: [file('rejected', 'good.yaml.reason.json', { reason: { code: 'DUPLICATE_ID', file: 'good.yaml' } })] },
    /good.yaml was refused with DUPLICATE_ID, and is sound/,
  ],
  [
    'a submitted file was refused as empty',
    { ends: [file('rejected', 'good.yaml.reason.json', { reason: { code: 'EMPTY', file: 'good.yaml' } })] },
    /good.yaml was refused with EMPTY/,
  ],
  [
    'the reason of a refusal is gone',
    { gone: ['rejected/bad.yaml.reason.json'] },
    /rejected\/bad.yaml: it was refused, and has no reason/,
  ],
  ['a refused file is gone', { gone: ['rejected/bad.yaml'] }, /rejected\/bad.yaml: it was refused, and is not there/],
  [
    'the reason of a refusal is empty',
    { found: [file('rejected', 'bad.yaml.reason.json', { bytes: 0, flaw: 'no JSON' })] },
    /bad.yaml.reason.json: it is not whole/,
  ],
  [
    'a job ran again after its end',
    { seen: [mark('start', 'good', 2)] },
    /good: attempt 2 began after its end was told/,
  ],
  [
    'a job was started again after its end',
    { seen: [journal('attempt.started', { id: 'good', attempt: '2' })] },
    /good: attempt 2 began after its end was told/,
  ],
  ['an attempt was forgotten', { seen: [mark('start', 'waits', 1)] }, /waits: attempt 1 began after attempt 1/],
  [
    'an attempt lives on',
    { seen: [mark('start', 'waits', 2), mark('end', 'waits', 1)] },
    /waits: attempt 1 reached its end, and the latest is 2/,
  ],
  [
    'something lies there in the end',
    { ends: [file('claimed', 'token.waits.yaml', { sha256: 'drop of waits.yaml' })] },
    /claimed\/token.waits.yaml: it lies there in the end/,
  ],
  ['a job never ended', { ends: [job('waits', null)] }, /waits: it has no end/],
  ['a report is still owed', { ends: [job('waits', 'succeeded', { reportOwed: true })] }, /waits: it has no end/],
  [
    'a job ended as it should not',
    { ends: [job('waits', 'rejected'), outcomeFile('waits', 'rejected')] },
    /waits: it ended as rejected, and not as succeeded/,
  ],
  [
    'the supervisor died by itself',
    { told: [{ kind: 'exited', status: 70, signal: null }] },
    /boot 1: the supervisor ended with 70/,
  ],
  ['the supervisor complains', { seen: [journal('trouble.began', { id: 'good' })] }, /trouble.began/],
];

for (const [name, forgery, flaw] of forgeries) {
  void test(`it is found out where ${name}`, () => {
    const flaws = flawsOf(forge(forgery));
    assert.ok(
      flaws.some((one) => flaw.test(one)),
      `${flaw} in ${JSON.stringify(flaws)}`,
    );
  });
}

void test('what nobody made durable may be lost, and a job put aside for the cuts is none that failed', () => {
  const unsafe = ['rejected/unsafe.yaml', 'rejected/unsafe.yaml.reason.json'];
  assert.deepEqual(flawsOf(forge({ gone: ['claimed/token.unsafe.yaml'], lacks: unsafe }).map(withoutRefusal)), []);
  const putAside = file('outcomes', 'waits.json', { sha256: 'outcome of waits', outcome: lost });
  const ended = journal('job.ended', { id: 'waits', outcome: 'crashed' });
  const forgedBoots = forge({ ends: [job('waits', 'crashed'), putAside] });
  assert.deepEqual(flawsOf(forgedBoots.map((boot) => boot.map((one) => (isEndOfWaits(one) ? ended : one)))), []);
});

const withoutRefusal = (boot: ReturnType<typeof forge>[number]) =>
  boot.filter((one) => !(one.kind === 'journal' && one.event === 'job.refused' && one.fields.file === 'unsafe.yaml'));
const isEndOfWaits = (one: ReturnType<typeof forge>[number][number]): boolean =>
  one.kind === 'journal' && one.event === 'job.ended' && one.fields.id === 'waits';

void test('a flaw that stays is told once', () => {
  const boots = forge({ gone: ['good'], lacks: ['good'] });
  assert.equal(flawsOf(boots).filter((flaw) => flaw.includes('good: it was accepted')).length, 1);
});

void test('of a line that the cut broke off nobody was told', () => {
  const lines: string[] = [];
  const take = wholeLines((line) => lines.push(line));
  for (const chunk of [
    '{"kind":"loo',
    'ked"}\n2026-11-24T02:00:00.000Z job.acc',
    'epted id=a file=a.yaml\n{"kind":"settl',
  ])
    take(chunk);
  assert.deepEqual(lines.map(parseEvidence), [
    { kind: 'looked' },
    {
      kind: 'journal',
      event: 'job.accepted',
      fields: { id: 'a', file: 'a.yaml' },
      text: 'job.accepted id=a file=a.yaml',
    },
  ]);
});
