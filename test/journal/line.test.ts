import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { type JournalEvent, type Priority, priorityOf } from '../../src/journal/event.ts';
import { describeEvent, journalLine, readableLine } from '../../src/journal/line.ts';
import { parseJournalLine } from '../harness/journal-line.ts';
import { eventsWith } from './events.ts';

const at = new Date(Date.UTC(2026, 10, 24, 2, 3, 4, 56));
const plain = eventsWith('nightly');

/** The names, priorities and keys are a contract. */
const lines: Readonly<Record<JournalEvent['kind'], readonly [priority: Priority, details: string]>> = {
  'supervisor.ready': ['notice', 'pid=7 spool=nightly waiting=1 recovered=2 start_ms=3'],
  'supervisor.draining': ['notice', 'signal=nightly running=1 limit_ms=60000'],
  'supervisor.reloaded': ['notice', 'changed=nightly'],
  'supervisor.unchanged': ['error', 'error=nightly hint=nightly'],
  'supervisor.hurried': ['warning', 'signal=nightly running=1'],
  'supervisor.stopped': ['notice', 'interrupted=1'],
  'supervisor.kept': ['notice', 'pid=7 attempts=2'],
  'keeping.refused': ['notice', 'why=nightly'],
  'keeper.adopted': ['notice', 'pid=7 attempts=2'],
  'keeper.lost': ['error', 'pid=7 attempts=1'],
  'control.done': ['notice', 'command=cancel target=nightly by=nightly jobs=3 refused=nightly'],
  'control.failed': ['error', `request=nightly by=nightly error=nightly event_id=${'e'.repeat(32)} capture=captured`],
  'supervisor.failed': ['error', 'error=nightly capture=failed'],
  'cgroups.used': ['info', 'limits=cpu,memory'],
  'cgroups.missing': ['notice', 'why=nightly'],
  'walls.raised': ['info', 'against=signals,cgroups'],
  'limits.ignored': ['warning', 'id=nightly attempt=1 limits=memory'],
  'telemetry.notice': ['warning', ''],
  'job.accepted': ['info', 'id=nightly name=nightly kind=pipeline file=nightly uid=1000'],
  'recurring.dropped': ['info', 'name=nightly id=nightly'],
  'recurring.repeated': ['info', 'name=nightly id=nightly'],
  'job.refused': ['warning', 'file=nightly code=SYNTAX reason=nightly line=3 hint=nightly'],
  'template.broken': ['warning', 'template=nightly error=nightly line=3 hint=nightly'],
  'spool.left': ['warning', 'file=nightly reason=nightly'],
  'trouble.began': ['error', 'where=ledger error=nightly hint=nightly'],
  'trouble.ended': ['notice', 'where=ledger duration_ms=5'],
  'attempt.started': ['info', 'id=nightly name=nightly kind=pipeline attempt=1'],
  'attempt.ended': [
    'info',
    'id=nightly attempt=1 outcome=nightly duration_ms=5 killed=2 again=true retry_ms=7 reason=nightly',
  ],
  'pipeline.rerun': ['warning', 'id=nightly outcome=rejected reason=nightly retry_ms=5'],
  'step.continued': ['info', 'id=nightly attempt=1 step=nightly reason=nightly'],
  'attempt.unkillable': ['error', 'id=nightly attempt=1'],
  'attempt.abandoned': ['error', 'id=nightly attempt=1 error=nightly'],
  'log.incomplete': ['warning', 'id=nightly attempt=1 error=nightly'],
  'output.dropped': ['warning', 'id=nightly attempt=1 lines=12'],
  'journal.refused': ['warning', 'error=nightly'],
  'journal.dropped': ['warning', 'events=12'],
  'crash.captured': ['info', `id=nightly attempt=1 event_id=${'e'.repeat(32)}`],
  'crash.counted': ['info', `id=nightly attempt=1 event_id=${'e'.repeat(32)}`],
  'crash.repeated': ['info', `event_id=${'e'.repeat(32)} count=9940`],
  'crash.uncaptured': ['error', 'id=nightly attempt=1 error=nightly'],
  'job.ended': [
    'error',
    `id=nightly name=nightly kind=pipeline outcome=crashed cause=exit-code reason=nightly step=nightly exit_code=3 attempt=1 duration_ms=5 event_id=${'e'.repeat(32)} capture=captured`,
  ],
  'workdir.left': ['warning', 'id=nightly error=nightly'],
  'retention.swept': ['info', 'jobs=1 logs=2 rejected=3 duration_ms=5'],
  'outbox.delivered': ['info', `event_id=${'e'.repeat(32)}`],
  'outbox.delayed': ['warning', 'why=nightly waiting=1'],
  'outbox.dropped': ['warning', `event_id=${'e'.repeat(32)} why=nightly`],
  'report.made': ['info', 'id=nightly to=nightly report=nightly tries=1 note=nightly'],
  'report.delayed': ['warning', 'id=nightly to=nightly report=nightly why=nightly retry_ms=5000'],
  'report.given-up': ['warning', 'id=nightly to=nightly report=nightly tries=13 why=nightly'],
  'monitor.told': ['info', 'slug=nightly status=ok'],
  'monitor.missed': ['warning', 'slug=nightly status=error why=nightly'],
  'outbox.buried': ['warning', `event_id=${'e'.repeat(32)} why=nightly`],
};
const digits: Readonly<Record<Priority, number>> = { error: 3, warning: 4, notice: 5, info: 6, debug: 7 };

for (const event of Object.values(plain)) {
  void test(`${event.kind} has its priority and its details, for journald and for people`, () => {
    const [priority, details] = lines[event.kind];
    const line = event.kind === 'telemetry.notice' ? 'nightly' : [event.kind, details].join(' ').trimEnd();
    assert.equal(priorityOf(event), priority);
    assert.equal(journalLine(event), `<${digits[priority]}>${line}\n`);
    assert.equal(
      readableLine(event, at, false),
      `2026-11-24T02:03:04.056Z ${priority === 'info' ? '' : `${priority}: `}${line}\n`,
    );
  });
}

void test('an attempt that failed, and is tried again, is a warning', () => {
  assert.equal(priorityOf({ ...plain['attempt.ended'], outcome: 'crashed' }), 'warning');
  assert.equal(priorityOf({ ...plain['attempt.ended'], outcome: 'interrupted' }), 'info');
});

void test('a job that ended well is no warning, one that was rejected is, a crash is an error', () => {
  const priorities = {
    succeeded: 'info',
    cancelled: 'info',
    skipped: 'info',
    rejected: 'warning',
    crashed: 'error',
  } as const;
  for (const [outcome, priority] of Object.entries(priorities))
    assert.equal(priorityOf({ ...plain['job.ended'], outcome: outcome as keyof typeof priorities }), priority);
});

void test('on a terminal, failures have a colour', (context) => {
  process.env.FORCE_COLOR = '1';
  context.after(() => delete process.env.FORCE_COLOR);
  assert.match(readableLine(plain['job.ended'], at, true), /02:03:04\.056.*\u001b\[31mjob\.ended/);
  assert.match(readableLine(plain['job.refused'], at, true), /\u001b\[33mjob\.refused/);
  assert.doesNotMatch(readableLine(plain['job.accepted'], at, true), /\u001b\[3[13]m/);
});

const anyText = fc.oneof(
  fc.string({ unit: fc.nat(0x2ffff).map((point) => String.fromCodePoint(point)), maxLength: 60 }),
  fc.constantFrom(
    'a b',
    '',
    '"',
    '\\',
    'a="b" c=d',
    'a\nid=forged',
    '\r',
    '\t',
    '\0',
    '\u001b[2J',
    '<3>x',
    '=',
    '\u{1F4A5}',
    '\ud83d',
  ),
);
const eventOf = (text: string): fc.Arbitrary<JournalEvent> => {
  const { 'telemetry.notice': _, ...others } = eventsWith(text);
  return fc.constantFrom(...Object.values(others));
};

void test('an event is one line, and a program reads from it what was put in, whatever that was', () => {
  const keys: Readonly<Record<string, string>> = {
    jobKind: 'kind',
    durationMs: 'duration_ms',
    exitCode: 'exit_code',
    eventId: 'event_id',
    limitMs: 'limit_ms',
    startMs: 'start_ms',
    retryMs: 'retry_ms',
  };
  fc.assert(
    fc.property(anyText.chain(eventOf), (event) => {
      const line = journalLine(event);
      assert.match(line, /^<[3-6]>[^\n\r]+\n$/);
      assert.doesNotMatch(line.slice(0, -1), /[\u0000-\u001f]/);
      const { kind, ...details } = event;
      const known = Object.entries(details).filter(([, value]) => value !== null);
      const parsed = parseJournalLine(line.slice(0, -1));
      assert.equal(parsed.kind, kind);
      assert.deepEqual(
        parsed.fields,
        Object.fromEntries(known.map(([key, value]) => [keys[key] ?? key, String(value)])),
      );
    }),
    { numRuns: 300 },
  );
});

void test('a value that is too long is cut, and says so', () => {
  const line = describeEvent({ ...plain['job.ended'], reason: 'x'.repeat(100_000) });
  assert.ok(line.length < 2500);
  assert.match(line, / reason="x{2000}…" /);
});

const nastyText = 'a\u007f\u0085\u009b31m\u2028\u2029z';

void test('no character of a job blanks its line in the journal, or speaks to the terminal', () => {
  for (const event of Object.values(eventsWith(nastyText)))
    assert.doesNotMatch(describeEvent(event), /[\u007f-\u009f\u2028\u2029]/, event.kind);
});

void test('a notice is one line, whatever is in it', () => {
  assert.match(journalLine({ kind: 'telemetry.notice', text: 'a\nb' }), /^<4>[^\n]+\n$/);
});

void test('every key of the journal is written like the others', () => {
  for (const event of Object.values(plain)) assert.doesNotMatch(describeEvent(event), / [a-z]+[A-Z]\w*=/, event.kind);
});
