import type { PathChoices } from '../config/paths.ts';
import type { Retries, Step } from '../job/job.ts';
import type { AttemptRecord } from '../job/outcome.ts';
import { plainLine } from '../job/plain-line.ts';
import type { StepRecord } from '../job/step.ts';
import { parametersIn } from '../job/template.ts';
import { formatBytes, formatDuration, timestamp } from '../job/units.ts';
import type { Usage } from '../job/usage.ts';
import { History, type JobDetails, type ReportState } from '../ledger/history.ts';
import { times } from './list.ts';
import { findJob } from './lookup.ts';
import { findPlace } from './place.ts';
import { paint, print, printJson } from './terminal.ts';

export interface ShowOptions extends PathChoices {
  readonly json?: boolean | undefined;
}

/** All about one job. @throws BootyError JOB_UNKNOWN, LEDGER_MISSING */
export function show(id: string, options: ShowOptions): void {
  using history = new History(findPlace(options).paths.ledger);
  const job = findJob(history, id);
  const reports = history.reportsOf(job.id);
  const told = reports.length === 0 ? {} : { reports: reports.map(timesOfReport) };
  if (options.json) printJson(job.record ? { ...job.record, ...told } : unfinished(job));
  else print([describe(job), ...reports.map(describeReport)].join('\n'));
}

/** A job that has not ended: what the contract's keys can say by now, and its state. */
function unfinished(job: JobDetails): Record<string, unknown> {
  const { spec: _spec, record: _record, runningSince: _since, ...row } = job;
  return { version: 1, ...times(row) };
}

function describe(job: JobDetails): string {
  const { record, spec } = job;
  const rows: readonly (readonly [string, string | null])[] = [
    ['id', job.id],
    ['name', job.name],
    ['kind', job.kind],
    ['template', spec.template ?? null],
    ...(spec.template ? parametersIn(spec.env) : []).map(([key, value]) => [`with ${key}`, value] as const),
    ['isolation', spec.isolation ?? null],
    ['secrets', spec.secrets?.join(', ') || null],
    ['state', record ? record.outcome : job.state],
    ['cause', record?.cause ?? null],
    ['reason', record?.reason ?? null],
    ['step', record?.step ?? null],
    ['exit', record?.exitCode === null || record === null ? null : String(record.exitCode)],
    ['signal', record?.signal ?? null],
    ['pipeline', job.pipelineId],
    ['dropped', `${timestamp(job.droppedAt)}${job.fileName ? ` as ${job.fileName}` : ''} by uid ${job.droppedBy}`],
    ['accepted', timestamp(job.acceptedAt)],
    ['started', job.startedAt === null ? null : timestamp(job.startedAt)],
    ['ended', job.endedAt === null ? null : timestamp(job.endedAt)],
    ['took', record?.durationMs === null || record === null ? null : formatDuration(record.durationMs)],
    ...job.waitsFor.map((text) => ['waits', text] as const),
    ['retry of', job.retryOf],
    ['running for', job.runningSince === null ? null : formatDuration(Date.now() - job.runningSince)],
    ['timeout', formatDuration(spec.timeoutMs)],
    ['retries', spec.retries?.limit ? describeRetries(spec.retries) : null],
    ['priority', spec.priority === 0 ? null : String(spec.priority)],
    ['release', record?.release ?? null],
    [
      'Sentry',
      record?.sentry
        ? `${record.sentry.capture}${record.sentry.eventId ? ` ${record.sentry.eventId}` : ''}${record.sentry.error ? ` (${record.sentry.error})` : ''}`
        : null,
    ],
    ...Object.entries(record?.outputs ?? {}).map(([key, value]) => [`output ${key}`, value] as const),
    ...(record?.verdicts ?? []).map(
      (verdict) =>
        [`verdict`, `${verdict.outcome}${verdict.reason ? `: ${verdict.reason}` : ''} (${verdict.id})`] as const,
    ),
  ];
  const lines = rows
    .filter(([, value]) => value !== null)
    .map(([key, value]) => `${paint('dim', key.padEnd(12))} ${plainLine(value ?? '')}`);
  const steps = spec.steps.map(
    (step) => `${paint('dim', '  step'.padEnd(12))} ${step.name}${describeFlow(step)}: ${describeAction(step)}`,
  );
  return [...lines, ...steps, ...job.attempts.map(describeAttempt)].join('\n');
}

const describeRetries = ({ limit, backoff, delayMs, maxDelayMs, on }: Retries): string =>
  `${limit}, ${backoff} from ${formatDuration(delayMs)} to ${formatDuration(maxDelayMs)}, on ${on.join(', ')}`;

/** ` (if failure(), in app)`. */
function describeFlow({ action, cwd, when, continueOnError }: Step): string {
  const parts = [
    when === 'success' ? null : `if ${when}()`,
    continueOnError ? 'may fail' : null,
    cwd === null ? null : `in ${cwd}`,
    action.kind === 'run' && action.shell !== 'sh' ? action.shell : null,
  ].filter((part) => part !== null);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

export function describeAction({ action }: Pick<Step, 'action'>): string {
  switch (action.kind) {
    case 'run':
      return action.line.trim().split('\n').join('\n               ');
    case 'command':
      return action.argv.map((word) => (/^[\w./:=@%+,-]+$/.test(word) ? word : JSON.stringify(word))).join(' ');
    case 'script':
      return `${action.text.split('\n', 1)[0]} … (${action.text.split('\n').length} lines)`;
    case 'module':
      return `${action.path}${action.export === null ? '' : `, export ${action.export}`}`;
  }
}

const indent = ' '.repeat(13);

function describeAttempt(attempt: AttemptRecord): string {
  const took = attempt.durationMs === null ? '' : ` after ${formatDuration(attempt.durationMs)}`;
  const reason = attempt.reason ? `: ${attempt.reason}` : '';
  return [
    `${paint('dim', `  attempt ${attempt.attempt}`.padEnd(12))} ${attempt.startedAt} ${attempt.outcome}${took}${reason}`,
    ...(attempt.usage ? [indent + describeUsage(attempt.usage)] : []),
    // Of one step there is nothing to say that the attempt does not say.
    ...(attempt.steps && attempt.steps.length > 1 ? attempt.steps.map((step) => indent + describeStep(step)) : []),
  ].join('\n');
}

/** `load failed after 1.2s (exit 3)`. */
function describeStep({ step, outcome, exitCode, signal, durationMs }: StepRecord): string {
  const how = signal ?? (exitCode === null || exitCode === 0 ? null : `exit ${exitCode}`);
  const took = durationMs === null ? '' : ` after ${formatDuration(durationMs)}`;
  return `${step} ${outcome}${took}${how === null ? '' : ` (${how})`}`;
}

/** `cpu 1.2s, memory 145M, together 210M, read 3M, wrote 12M`. */
const describeUsage = ({
  cpuUserMs,
  cpuSystemMs,
  peakMemoryBytes,
  treeMemoryBytes,
  readBytes,
  writtenBytes,
}: Usage): string =>
  [
    `cpu ${formatDuration(cpuUserMs + cpuSystemMs)}`,
    ...(peakMemoryBytes === null ? [] : [`memory ${formatBytes(peakMemoryBytes)}`]),
    ...(treeMemoryBytes === undefined ? [] : [`together ${formatBytes(treeMemoryBytes)}`]),
    ...(readBytes === 0 ? [] : [`read ${formatBytes(readBytes)}`]),
    ...(writtenBytes === 0 ? [] : [`wrote ${formatBytes(writtenBytes)}`]),
  ].join(', ');

const timesOfReport = ({ nextTryAt, endedAt, ...report }: ReportState) => ({
  ...report,
  nextTryAt: nextTryAt === null ? null : timestamp(nextTryAt),
  endedAt: endedAt === null ? null : timestamp(endedAt),
});

const describeReport = (report: ReportState): string =>
  `${paint('dim', '  report'.padEnd(12))} ${plainLine(`${report.to}: ${describeState(report)}`)}`;

/** `owed after 3 tries, the next in 10m: ECONNREFUSED`. */
function describeState({ state, tries, nextTryAt, endedAt, why }: ReportState): string {
  const after = tries === 0 ? '' : ` after ${tries} ${tries === 1 ? 'try' : 'tries'}`;
  const reason = why === null ? '' : `: ${why}`;
  if (state === 'owed') {
    const leftMs = (nextTryAt ?? 0) - Date.now();
    return `owed${after}, the next ${leftMs <= 0 ? 'now' : `in ${formatDuration(leftMs)}`}${reason}`;
  }
  const at = endedAt === null ? '' : ` at ${timestamp(endedAt)}`;
  return state === 'made' ? `made${at}${after}` : `given up${at}${after}${reason}`;
}
