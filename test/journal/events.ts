import type { JournalEvent } from '../../src/journal/event.ts';
import { idOf } from '../schedule/jobs.ts';

type Kind = JournalEvent['kind'];

/** One event of each kind, with the text wherever a job, a file or a person may put one. */
export const eventsWith = (text: string): { readonly [Name in Kind]: Extract<JournalEvent, { kind: Name }> } => {
  const id = idOf(text);
  const job = { id, name: text, jobKind: 'pipeline' } as const;
  return {
    'supervisor.ready': { kind: 'supervisor.ready', pid: 7, spool: text, waiting: 1, recovered: 2, startMs: 3 },
    'supervisor.draining': { kind: 'supervisor.draining', signal: text, running: 1, limitMs: 60_000 },
    'supervisor.reloaded': { kind: 'supervisor.reloaded', changed: text },
    'supervisor.unchanged': { kind: 'supervisor.unchanged', error: text, hint: text },
    'supervisor.hurried': { kind: 'supervisor.hurried', signal: text, running: 1 },
    'supervisor.stopped': { kind: 'supervisor.stopped', interrupted: 1 },
    'supervisor.failed': { kind: 'supervisor.failed', error: text, eventId: null, capture: 'failed' },
    'telemetry.notice': { kind: 'telemetry.notice', text },
    'job.accepted': { kind: 'job.accepted', ...job, file: text, uid: 1000 },
    'recurring.dropped': { kind: 'recurring.dropped', name: text, id },
    'recurring.repeated': { kind: 'recurring.repeated', name: text, id },
    'job.refused': { kind: 'job.refused', file: text, code: 'SYNTAX', reason: text, line: 3, hint: text },
    'template.broken': { kind: 'template.broken', template: text, error: text, line: 3, hint: text },
    'spool.left': { kind: 'spool.left', file: text, reason: text },
    'trouble.began': { kind: 'trouble.began', where: 'ledger', error: text, hint: text },
    'trouble.ended': { kind: 'trouble.ended', where: 'ledger', durationMs: 5 },
    'attempt.started': { kind: 'attempt.started', ...job, attempt: 1 },
    'attempt.ended': {
      kind: 'attempt.ended',
      id,
      attempt: 1,
      outcome: text,
      durationMs: 5,
      killed: 2,
      again: true,
      retryMs: 7,
      reason: text,
    },
    'attempt.unkillable': { kind: 'attempt.unkillable', id, attempt: 1 },
    'attempt.abandoned': { kind: 'attempt.abandoned', id, attempt: 1, error: text },
    'log.incomplete': { kind: 'log.incomplete', id, attempt: 1, error: text },
    'crash.captured': { kind: 'crash.captured', id, attempt: 1, eventId: 'e'.repeat(32) },
    'crash.counted': { kind: 'crash.counted', id, attempt: 1, eventId: 'e'.repeat(32) },
    'crash.repeated': { kind: 'crash.repeated', eventId: 'e'.repeat(32), count: 9940 },
    'crash.uncaptured': { kind: 'crash.uncaptured', id, attempt: 1, error: text },
    'job.ended': {
      kind: 'job.ended',
      ...job,
      outcome: 'crashed',
      cause: 'exit-code',
      reason: text,
      step: text,
      exitCode: 3,
      signal: null,
      attempt: 1,
      durationMs: 5,
      eventId: 'e'.repeat(32),
      capture: 'captured',
    },
    'workdir.left': { kind: 'workdir.left', id, error: text },
    'retention.swept': { kind: 'retention.swept', jobs: 1, logs: 2, rejected: 3, durationMs: 5 },
    'outbox.delivered': { kind: 'outbox.delivered', eventId: 'e'.repeat(32) },
    'outbox.delayed': { kind: 'outbox.delayed', why: text, waiting: 1 },
    'outbox.dropped': { kind: 'outbox.dropped', eventId: 'e'.repeat(32), why: text },
    'report.made': { kind: 'report.made', id, to: text, report: text, tries: 1, note: text },
    'report.delayed': { kind: 'report.delayed', id, to: text, report: text, why: text, retryMs: 5000 },
    'report.given-up': { kind: 'report.given-up', id, to: text, report: text, tries: 13, why: text },
    'control.done': { kind: 'control.done', command: 'cancel', target: 'id nightly', jobs: 1, refused: null },
    'monitor.told': { kind: 'monitor.told', slug: 'nightly', status: 'ok' },
    'monitor.missed': { kind: 'monitor.missed', slug: 'nightly', status: 'error', why: text },
    'outbox.buried': { kind: 'outbox.buried', eventId: 'e'.repeat(32), why: text },
  };
};
