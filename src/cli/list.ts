import type { PathChoices } from '../config/paths.ts';
import type { JobKind } from '../job/job.ts';
import type { Outcome } from '../job/outcome.ts';
import { formatDuration, timestamp } from '../job/units.ts';
import { History } from '../ledger/history.ts';
import { type JobRow, type JobState, jobStates } from '../ledger/rows.ts';
import { findPlace } from './place.ts';
import { note, paintOutcomes, print, printJson, table } from './terminal.ts';

export interface ListOptions {
  /** A state or an outcome. */
  readonly state?: string | undefined;
  readonly kind?: JobKind | undefined;
  readonly name?: string | undefined;
  readonly limit: number;
  readonly json?: boolean | undefined;
}

/** The newest jobs, newest first. @throws BootyError LEDGER_MISSING, LEDGER_UNUSABLE */
export function list(paths: PathChoices, options: ListOptions): void {
  using history = new History(findPlace(paths).paths.ledger);
  const { jobs, more } = history.list({
    ...(jobStates.includes(options.state as JobState)
      ? { state: options.state as JobState }
      : { outcome: options.state as Outcome | undefined }),
    kind: options.kind,
    name: options.name,
    limit: options.limit,
  });
  if (options.json) {
    printJson(jobs.map(({ reason, ...job }) => ({ ...times(job), reason })));
    return;
  }
  if (jobs.length === 0) {
    note(
      options.state || options.kind || options.name
        ? 'no job matches'
        : 'no jobs yet: drop a file into the spool, or try: booty run -- echo hello',
    );
    return;
  }
  const rows = jobs.map((job) => [
    job.id,
    job.kind,
    job.outcome ?? job.state,
    job.attempt === 0 ? '-' : String(job.attempt),
    job.startedAt === null ? '-' : formatDuration((job.endedAt ?? Date.now()) - job.startedAt),
    `${formatDuration(Math.max(0, Date.now() - job.acceptedAt))} ago`,
    job.reason ?? job.waitsFor.join('; '),
  ]);
  print(paintOutcomes(table(['ID', 'KIND', 'STATE', 'ATTEMPT', 'TOOK', 'ACCEPTED', 'REASON'], rows)));
  if (more) note(`… and older ones: booty list --limit ${options.limit * 10}`);
}

/** The row with its times in RFC 3339. */
export const times = <Row extends JobRow>(row: Row) => ({
  ...row,
  droppedAt: timestamp(row.droppedAt),
  acceptedAt: timestamp(row.acceptedAt),
  startedAt: row.startedAt === null ? null : timestamp(row.startedAt),
  endedAt: row.endedAt === null ? null : timestamp(row.endedAt),
  dueAt: row.dueAt === null ? null : timestamp(row.dueAt),
});
