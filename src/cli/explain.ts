import { describeSubmitter, type Submitter } from '../config/policy.ts';
import { BootyError } from '../job/error.ts';
import type { Due, JobSpec } from '../job/job.ts';
import type { DroppedFile } from '../job/parse.ts';
import { plainLine } from '../job/plain-line.ts';
import type { Refusal } from '../job/refusal.ts';
import { parametersIn } from '../job/template.ts';
import { formatBytes, formatDuration, timestamp } from '../job/units.ts';
import { findUser } from '../native/accounts.ts';
import { accountOfUser, nameless } from '../spool/submitters.ts';
import { type Admission, type Admitted, secretNamesOf } from '../supervise/admission.ts';
import { localAdmission } from './local-admission.ts';
import type { Place } from './place.ts';
import { describeAction } from './show.ts';
import { paint } from './terminal.ts';

/** What the supervisor would make of a file. */
export interface Explanation {
  readonly file: string;
  readonly for: { readonly uid: number; readonly user: string | null };
  readonly accepted: boolean;
  readonly refusals: readonly Refusal[];
  /** Null where it is refused. */
  readonly job:
    | ({ readonly id: string | null; readonly parameters: Readonly<Record<string, string>> } & JobSpec)
    | null;
  /** Why its owner may have that. */
  readonly policy: readonly string[];
}

/** Explains files for one user. @param as a name or a number; undefined: whoever asks. @throws BootyError USAGE */
export async function explain(
  files: readonly { readonly path: string; readonly file: DroppedFile }[],
  place: Place,
  as: string | undefined,
): Promise<Explanation[]> {
  const admission = localAdmission(place);
  const who = await submitterNamed(as, admission);
  return files.map(({ path, file }) => {
    const result = admission.decide(file, who, place.config);
    return {
      file: path,
      for: { uid: who.uid, user: who.user },
      accepted: result.ok,
      refusals: result.ok ? [] : [result.refusal, ...(result.also ?? [])],
      job: result.ok ? jobOf(result.value) : null,
      policy: result.ok ? result.value.reasons : [],
    };
  });
}

const jobOf = ({ id, spec }: Admitted): Explanation['job'] => ({
  id,
  parameters: Object.fromEntries(parametersIn(spec.env)),
  ...spec,
});

async function submitterNamed(as: string | undefined, admission: Admission): Promise<Submitter> {
  const isNumber = as !== undefined && /^\d{1,10}$/.test(as);
  const user = await findUser(as === undefined ? (process.geteuid?.() ?? 0) : isNumber ? Number(as) : as);
  if (!user && as !== undefined && !isNumber)
    throw new BootyError('USAGE', `there is no user ${as}`, { hint: '--as takes a name or a number (getent passwd)' });
  const uid = user?.uid ?? (isNumber ? Number(as) : (process.geteuid?.() ?? 0));
  return admission.submitter({ uid, doubt: null }, user ? await accountOfUser(user) : nameless);
}

/** For people: one block for each file. */
export function describeExplanation({
  file,
  for: { uid, user },
  accepted,
  refusals,
  job,
  policy,
}: Explanation): string {
  const whom = describeSubmitter({ uid, user });
  if (!accepted || job === null)
    return [
      `${paint('red', 'refused ')} ${file}, dropped by ${whom}`,
      ...refusals.map(
        ({ code, line, column, message, hint }) =>
          `  ${file}${line ? `:${line}${column ? `:${column}` : ''}` : ''}: ${message} (${code})\n    ${hint}`,
      ),
    ].join('\n');
  const rows: readonly (readonly [string, string | null])[] = [
    ['id', job.id ?? 'made of its name and the time'],
    ['name', job.name],
    ['kind', job.kind],
    ['template', job.template],
    ...Object.entries(job.parameters).map(([name, value]) => [`with ${name}`, JSON.stringify(value)] as const),
    ...job.steps.map((step) => [`step ${step.name}`, describeAction(step)] as const),
    ...job.verify.flatMap(({ steps }) => steps).map((step) => [`verify ${step.name}`, describeAction(step)] as const),
    ['limits', describeLimits(job)],
    ['isolation', job.isolation],
    ['priority', job.priority === 0 ? null : String(job.priority)],
    ['needs', job.needs.length === 0 ? null : job.needs.join(', ')],
    ['group', job.concurrency && `${job.concurrency.group}, ${job.concurrency.limit} at once`],
    ['not before', describeDue(job.notBefore)],
    ['expires', describeDue(job.expires)],
    ['secrets', secretNamesOf(job).join(', ') || null],
    ...policy.map((reason) => ['policy', reason] as const),
  ];
  const width = Math.max(12, ...rows.map(([key]) => key.length));
  return [
    `${paint('green', 'accepted')} ${file}, dropped by ${whom}`,
    ...rows.flatMap(([key, value]) =>
      value === null ? [] : [`  ${paint('dim', key.padEnd(width))} ${plainLine(value)}`],
    ),
  ].join('\n');
}

const describeLimits = ({ timeoutMs, outputMaxBytes, retries }: JobSpec): string =>
  [
    `timeout ${formatDuration(timeoutMs)}`,
    `output ${formatBytes(outputMaxBytes)}`,
    ...(retries.limit > 0 ? [`${retries.limit} retries`] : []),
  ].join(', ');

const describeDue = (due: Due | null): string | null =>
  due === null ? null : due.kind === 'at' ? timestamp(due.at) : `${formatDuration(due.ms)} after the drop`;
