/** What a module step's function is given: `import type { JobContext } from 'booty'`. */
export interface JobContext<Input = unknown> {
  readonly id: string;
  readonly name: string;
  readonly kind: 'pipeline' | 'verifier';
  /** From 1. */
  readonly attempt: number;
  /** The name of the step. */
  readonly step: string;
  /** Also the directory that the function starts in, where the job says no other `cwd`; kept over the steps and for the verifier. */
  readonly workdir: string;
  /** What the job file says under `with`; null where it says nothing. */
  readonly with: Input;
  /** What the steps before this one, and this one, have put out so far. */
  readonly outputs: Readonly<Record<string, string>>;
  /** The jobs that this one needs, by id. */
  readonly needs: Readonly<Record<string, NeededJob>>;
  /**
   * Adds to the job's outputs; the last value for a key counts.
   * @throws TypeError for a key that is none, or a value of more than one line; RangeError where there is no more room
   */
  output(key: string, value: string | number | boolean): void;
  /**
   * Aborted by SIGTERM: the time limit, a cancellation or a stop. Whoever asks for it has until the end of
   * `defaults.killGrace` to put things in order; whoever does not is ended by the signal, as any program.
   */
  readonly signal: AbortSignal;
  readonly log: JobLog;
}

export interface NeededJob {
  readonly outcome: string;
  readonly outputs: Readonly<Record<string, string>>;
}

/** Each line goes to stderr, and where the job crashes into its event as a breadcrumb. */
export interface JobLog {
  info(message: string, data?: unknown): void;
  warn(message: string, data?: unknown): void;
  error(message: string, data?: unknown): void;
}

/** What a verifier's function is given. It accepts by returning nothing. */
export interface VerifierContext<Input = unknown> extends JobContext<Input> {
  readonly kind: 'verifier';
  /** The outcome so far of the pipeline that is looked at; null where the verifier was dropped by itself. */
  readonly pipeline: PipelineOutcome | null;
  /** Rejects, once the function has returned. The first reason counts. */
  reject(reason: string): void;
}

/** Part of what docs/JOBS.md says of outcomes. */
export interface PipelineOutcome {
  readonly id: string;
  readonly name: string;
  readonly attempt: number;
  readonly startedAt: string | null;
  readonly endedAt: string;
  readonly durationMs: number | null;
  readonly outputs: Readonly<Record<string, string>>;
  readonly [key: string]: unknown;
}

/** What makes the input of unknown data, or throws: a schema of zod, valibot's `parser`, a function of one's own. */
export interface InputSchema<Input> {
  parse(value: unknown): Input;
}

/** What Booty calls. */
export type Job = (job: JobContext) => unknown;
export type Verifier = (job: VerifierContext) => unknown;

export interface Definition<Input, Context> {
  readonly input: InputSchema<Input>;
  readonly run: (job: Context) => void | Promise<void>;
}

/** A function for a step of a pipeline. Without a schema its input is `unknown`. */
export function defineJob(run: (job: JobContext) => void | Promise<void>): Job;
export function defineJob<Input>(definition: Definition<Input, JobContext<Input>>): Job;
export function defineJob<Input>(
  definition: Definition<Input, JobContext<Input>> | ((job: JobContext) => void | Promise<void>),
): Job {
  if (typeof definition === 'function') return definition;
  const { input, run } = definition;
  return (job) => run(withInput<JobContext<Input>>(job, input));
}

/** A function for a verifier. */
export function defineVerifier(run: (job: VerifierContext) => void | Promise<void>): Verifier;
export function defineVerifier<Input>(definition: Definition<Input, VerifierContext<Input>>): Verifier;
export function defineVerifier<Input>(
  definition: Definition<Input, VerifierContext<Input>> | ((job: VerifierContext) => void | Promise<void>),
): Verifier {
  const run =
    typeof definition === 'function'
      ? definition
      : (job: VerifierContext) => definition.run(withInput<VerifierContext<Input>>(job, definition.input));
  return (job) => {
    if (job.kind !== 'verifier')
      throw new TypeError('this function is a verifier: name it under verify, or in a job of the kind verifier');
    return run(job);
  };
}

/** The context with its input read. What the schema says of it is the cause. */
function withInput<Context extends JobContext>(job: JobContext, schema: InputSchema<Context['with']>): Context {
  let input: Context['with'];
  try {
    input = schema.parse(job.with);
  } catch (cause) {
    throw new TypeError(`what the job file says under with is not what step ${job.step} expects`, { cause });
  }
  // Not a copy: that would ask for the signal.
  return Object.create(job, { with: { value: input, enumerable: true } }) as Context;
}
