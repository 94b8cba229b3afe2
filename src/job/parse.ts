import { parseDocument } from './document.ts';
import { type JobId, parseJobId } from './id.ts';
import type { Isolation } from './isolation.ts';
import {
  type Action,
  defaultCrashRules,
  type JobSpec,
  type Monitor,
  type MonitorUnit,
  noRetries,
  type Retries,
  type Step,
} from './job.ts';
import type { ResourceLimits } from './limits.ts';
import { resourcesOf } from './limits-schema.ts';
import { isUse, parseUse, type Used } from './parse-use.ts';
import { problemsOf } from './problems.ts';
import { accepted, type Parsed, type Refusal, refused } from './refusal.ts';
import type { ReportRules } from './report-policy.ts';
import { forbiddenReports } from './report-refusals.ts';
import { reportsOf } from './report-schema.ts';
import {
  type JobFile,
  jobFileSchema,
  knownJobKeys,
  type MonitorFile,
  maxTextLength,
  type RetriesFile,
  type StepFile,
  type VerifyFile,
} from './schema.ts';
import { secretsOf } from './secrets-schema.ts';
import type { Shell } from './step.ts';
import { flowOf } from './step-schema.ts';
import { type Templates, variableOf } from './template.ts';
import { type ByteCount, bytes, type Milliseconds, milliseconds } from './units.ts';

/** What holds for a job whose file does not say otherwise. */
export interface JobDefaults {
  readonly timeoutMs: Milliseconds;
  readonly outputMaxBytes: ByteCount;
  readonly limits: ResourceLimits;
  readonly isolation: Isolation | null;
  readonly reports: ReportRules;
}

/** A job file that was read: what it asks for, and the id that it wants, if any. */
export interface ParsedJob {
  readonly id: JobId | null;
  readonly spec: JobSpec;
}

export interface DroppedFile {
  /** Its name in the spool; the job is named after it where the file gives no name. */
  readonly fileName: string;
  readonly content: Uint8Array;
  /** Whether its mode has an executable bit: with `#!` at its start it is then a script, and not a description of a job. */
  readonly executable: boolean;
}

/**
 * Reads a dropped file, with every problem that it has told at once: the first as the refusal, the others in `also`.
 * Bounded: at most one MiB are looked at.
 * @param templates for a file that uses one
 */
export function parseJobFile(
  file: DroppedFile,
  defaults: JobDefaults,
  templates: Templates = noTemplates,
): Parsed<ParsedJob> & { readonly also?: readonly Refusal[] } {
  if (file.executable && startsWithShebang(file.content)) return parseScript(file, defaults);
  const document = parseDocument(file.content);
  if (!document.ok) {
    const { refusal } = document;
    return startsWithShebang(file.content)
      ? refused({ ...refusal, hint: 'it begins with #!: to run it as a script, make it executable (chmod +x)' })
      : document;
  }
  if (isUse(document.value.data)) {
    const used = parseUse(document.value, templates);
    return used.ok ? accepted(usedSpecOf(used.value, file.fileName, defaults)) : used;
  }
  const result = jobFileSchema.safeParse(document.value.data);
  if (result.success) {
    const forbidden = forbiddenReports(result.data.report ?? [], defaults.reports.policy, document.value);
    return forbidden ?? accepted(specOf(result.data, file.fileName, defaults));
  }
  const [first, ...also] = problemsOf(result.error, document.value, knownJobKeys);
  if (!first) throw new Error('a schema refused a document without saying why');
  return { ...refused(first), also };
}

const noTemplates: Templates = {
  find: (name) =>
    refused({
      code: 'TEMPLATE_UNKNOWN',
      message: `there is no template ${JSON.stringify(name)}`,
      hint: 'booty template list shows those that there are',
    }),
  flawOfPath: () => null,
};

/** The job has its parameters in its environment; nothing overrides them, as such names are Booty's own. */
function usedSpecOf({ file, template, values }: Used, fileName: string, defaults: JobDefaults): ParsedJob {
  const variables = Object.fromEntries(Array.from(values, ([name, value]) => [variableOf(name), String(value)]));
  const { id, spec } = specOf({ ...file, env: { ...file.env, ...variables } }, fileName, defaults);
  // Root has written the template, and asks for its reports.
  const report = spec.report.map((one) => ({ ...one, askedBy: 'configuration' as const }));
  return { id, spec: { ...spec, report, template, verify: spec.verify.map((one) => ({ ...one, template })) } };
}

const startsWithShebang = (content: Uint8Array): boolean => content[0] === 0x23 && content[1] === 0x21;

function parseScript(file: DroppedFile, defaults: JobDefaults): Parsed<ParsedJob> {
  if (file.content.byteLength > maxTextLength) {
    return refused({
      code: 'TOO_LARGE',
      message: `a script of more than ${maxTextLength} bytes`,
      hint: 'install the program, and drop a job that names it',
    });
  }
  const result = jobFileSchema.safeParse({ script: new TextDecoder('utf-8').decode(file.content) });
  const lossless = Buffer.from(file.content).equals(Buffer.from(result.data?.script ?? ''));
  if (!result.success || !lossless) {
    return refused({
      code: 'NOT_UTF8',
      message: 'a script that is not valid UTF-8 text',
      hint: 'install the program, and drop a job that names it',
    });
  }
  return accepted(specOf(result.data, file.fileName, defaults));
}

function specOf(file: JobFile, fileName: string, defaults: JobDefaults): ParsedJob {
  const name = file.name ?? nameFromFile(fileName);
  const common = {
    priority: file.priority,
    tags: file.tags ?? {},
    outputMaxBytes: bytes(file.limits?.output ?? defaults.outputMaxBytes),
    journal: file.journal ?? null,
    limits: resourcesOf(file.limits ?? {}, defaults.limits),
    isolation: file.isolation ?? defaults.isolation,
    onInterrupt: file.onInterrupt,
    retries: retriesOf(file.retries),
    crash: { ...defaultCrashRules, ...definedOf(file.crash ?? {}) },
    secrets: secretsOf(file),
    template: null,
  };
  const timeoutMs = milliseconds(file.timeout ?? defaults.timeoutMs);
  const env = file.env ?? {};
  const verify = verifiersOf(file.verify ?? [], name, (verifier, verifierName) => ({
    ...common,
    kind: 'verifier',
    name: verifierName,
    steps: [stepOf({ ...noFlow, ...verifier }, 0, file, 'verify')],
    resumeFrom: 'first-step',
    verify: [],
    timeoutMs: milliseconds(verifier.timeout ?? defaults.timeoutMs),
    env,
    retries: retriesOf(verifier.retries),
    notBefore: null,
    expires: null,
    // The pipeline's check-ins and reports cover its verifiers.
    monitor: null,
    report: [],
    needs: [],
    ...orderOf(verifier),
  }));
  return {
    id: file.id === undefined ? null : parseJobId(file.id),
    spec: {
      ...common,
      kind: file.kind,
      name,
      steps: stepsOf(file),
      verify,
      timeoutMs,
      env,
      notBefore: file.notBefore ?? null,
      expires: file.expires ?? null,
      monitor: file.monitor ? monitorOf(file.monitor) : null,
      resumeFrom: file.resumeFrom,
      report: [...defaults.reports.always, ...reportsOf(file.report ?? [], 'job')],
      needs: [...new Set(file.needs)] as readonly string[] as readonly JobId[],
      ...orderOf(file),
    },
  };
}

/** Each with a name of its own: `NAME-verify`, `NAME-verify-2`, … where the file gives none. */
function verifiersOf(
  files: readonly VerifyFile[],
  name: string,
  specFor: (file: VerifyFile, name: string) => JobSpec,
): readonly JobSpec[] {
  const stem = Array.from(name).slice(0, 90).join('');
  const given = new Set(files.map((file) => file.name));
  return files.map((file, index) => {
    if (file.name !== undefined) return specFor(file, file.name);
    const usual = index === 0 ? `${Array.from(name).slice(0, 93).join('')}-verify` : `${stem}-verify-${index + 1}`;
    return specFor(file, given.has(usual) ? `${stem}-check-${index + 1}` : usual);
  });
}

const orderOf = ({
  concurrency,
  rate,
}: Pick<JobFile, 'concurrency' | 'rate'>): Pick<JobSpec, 'concurrency' | 'rate'> => ({
  concurrency: concurrency
    ? { group: concurrency.group, limit: concurrency.limit ?? 1, onNew: concurrency.onNew ?? 'queue' }
    : null,
  rate: rate ?? null,
});

function retriesOf(file: RetriesFile | undefined): Retries {
  const { delay = noRetries.delayMs, maxDelay = noRetries.maxDelayMs, ...rest } = definedOf(file ?? { limit: 0 });
  return { ...noRetries, ...rest, delayMs: milliseconds(delay), maxDelayMs: milliseconds(maxDelay) };
}

function monitorOf(file: MonitorFile): Monitor {
  const [value, unit] = file.every?.split(' ') ?? [];
  return {
    slug: file.slug,
    schedule:
      file.schedule !== undefined
        ? { type: 'crontab', value: file.schedule }
        : unit === undefined
          ? null
          : { type: 'interval', value: Number(value), unit: unit.replace(/s$/, '') as MonitorUnit },
    timezone: file.timezone ?? null,
    checkinMarginMs: file.checkinMargin === undefined ? null : milliseconds(file.checkinMargin),
    maxRuntimeMs: file.maxRuntime === undefined ? null : milliseconds(file.maxRuntime),
  };
}

/** The schema says `undefined` for a key that is not there. */
const definedOf = <Shape extends object>(shape: Shape) =>
  Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Shape]: Exclude<Shape[Key], undefined>;
  };

function stepsOf(file: JobFile): readonly [Step, ...Step[]] {
  const [first, ...rest] = file.steps ?? [];
  if (first) return [stepOf(first, 0, file), ...rest.map((step, index) => stepOf(step, index + 1, file))];
  return [
    stepOf(
      {
        run: file.run,
        command: file.command,
        script: file.script,
        module: file.module,
        export: file.export,
        with: file.with,
        name: undefined,
        timeout: undefined,
        env: undefined,
        shell: undefined,
        cwd: undefined,
        ...noFlow,
        secrets: undefined,
      },
      0,
      file,
      'main',
    ),
  ];
}

const noFlow = { if: undefined, continueOnError: undefined } as const;

/** @param job whose shell and directory hold for a step that has none of its own */
function stepOf(
  step: StepFile | (VerifyFile & typeof noFlow),
  index: number,
  job: Pick<JobFile, 'shell' | 'cwd'>,
  fallback?: string,
): Step {
  return {
    name: step.name ?? fallback ?? `step-${index + 1}`,
    action: actionOf(step, step.shell ?? job.shell ?? 'sh'),
    timeoutMs: step.timeout === undefined ? null : milliseconds(step.timeout),
    env: step.env ?? {},
    cwd: step.cwd ?? job.cwd ?? null,
    ...flowOf(step),
    secrets: secretsOf(step),
  };
}

function actionOf(step: StepFile | VerifyFile, shell: Shell): Action {
  if (step.run !== undefined) return { kind: 'run', line: step.run, shell };
  if (step.command !== undefined) return { kind: 'command', argv: step.command };
  if (step.module !== undefined)
    return { kind: 'module', path: step.module, export: step.export ?? null, with: step.with ?? null };
  return { kind: 'script', text: step.script ?? '' };
}

/** The job's name where its file gives none: the file's, without its ending, in the characters that a name may have. */
function nameFromFile(fileName: string): string {
  const stem = fileName.replace(/\.(?:ya?ml|json|sh|py|js|ts|pl|rb)$/i, '');
  const name = stem.replace(/[^\p{L}\p{N}._:@+-]+/gu, '-').replace(/^[^\p{L}\p{N}]+/u, '');
  // By characters, not by halves of them.
  return Array.from(name).slice(0, 100).join('') || 'job';
}
