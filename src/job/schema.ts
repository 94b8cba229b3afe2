import { z } from 'zod';
import { idPattern, maxIdLength, parseJobId } from './id.ts';
import { isolationFields } from './isolation-schema.ts';
import { backoffs, type Due, journalLevels, monitorUnits, retryReasons } from './job.ts';
import { limitKeys, limits } from './limits-schema.ts';
import { demandModule, moduleFields } from './module-schema.ts';
import { concurrencyKeys, demandOrder, orderFields } from './order-schema.ts';
import { knownReportKeys, reportFields } from './report-schema.ts';
import { secretFields } from './secrets-schema.ts';
import { demandBeginning, demandLine, flowFields, placeFields, resumeFields } from './step-schema.ts';
import { durationPattern, instant, instantPattern, parseDuration, parseInstant } from './units.ts';
import { demandVerifier, demandVerify, oneOrMore } from './verify-schema.ts';

/** The most steps that one job may have. */
const maxSteps = 200;
const maxEntries = 100;
/** The longest text of a line, a script, a word or a value, in characters. */
export const maxTextLength = 512 * 1024;

const durationHint = 'expected a duration with its unit, such as 90s, 20m or 1h30m';
export const duration = z
  .string({ error: durationHint })
  .refine((text) => (parseDuration(text) ?? 0) > 0, { error: durationHint })
  .transform((text) => parseDuration(text) ?? 0)
  .meta({ pattern: durationPattern.source });

/** Text that can reach a program: the system's calls end at a NUL. */
const programText = z
  .string({ error: 'expected text' })
  .max(maxTextLength, { error: `expected at most ${maxTextLength} characters` })
  .refine((text) => !text.includes('\0'), { error: 'must not contain a NUL character' });

/** YAML turns `1.10` into 1.1 and `0x10` into 16, so that only what reads back the same is taken without quotes. */
const word = z
  .union([programText, z.int(), z.boolean()], { error: 'expected text or a whole number; put anything else in quotes' })
  .transform(String)
  .refine((text) => !text.includes('\0'), { error: 'must not contain a NUL character' });

const environment = z
  .record(
    z.string().regex(/^(?!BOOTY_)[A-Za-z_][A-Za-z0-9_]*$/, {
      error: 'expected a variable name of letters, digits and _; BOOTY_… is Booty’s own',
    }),
    word,
    { error: 'expected a mapping of names to values' },
  )
  .refine((map) => Object.keys(map).length <= maxEntries, { error: `expected at most ${maxEntries} variables` })
  .meta({ maxProperties: maxEntries });

/** `id: 20261124` is meant as it stands. */
const label = (error: string) => z.union([z.string(), z.int()], { error }).transform(String);

const namePattern = /^[\p{L}\p{N}][\p{L}\p{N} ._:@+-]{0,99}$/u;
const name = label('expected a name')
  .refine((text) => namePattern.test(text), {
    error: 'expected 1 to 100 letters, digits, spaces or . _ : @ + -, beginning with a letter or digit',
  })
  .meta({ pattern: namePattern.source });

const action = {
  run: programText.min(1, { error: 'expected a line for the shell' }).optional(),
  command: z
    .tuple([programText.min(1, { error: 'expected a program' })], word, {
      error: 'expected a list: a program and its arguments',
    })
    .optional(),
  script: programText
    .refine((text) => text.startsWith('#!'), {
      error: 'expected a script that begins with #!, such as #!/usr/bin/env python3',
    })
    .meta({ pattern: '^#!' })
    .optional(),
  ...moduleFields,
};
const actionKeys = ['run', 'command', 'script', 'module'] as const;
const stepHint = 'expected a mapping with run, command, script or module';

const stepFields = {
  name: name.optional(),
  ...action,
  timeout: duration.optional(),
  env: environment.optional(),
  ...placeFields,
  ...flowFields,
  ...secretFields,
};
const step = z.strictObject(stepFields, { error: stepHint }).superRefine((value, context) => {
  demandOne(value, actionKeys, context);
  demandModule(value, context);
  demandLine(value, context);
});

const verifyFields = {
  name: name.optional(),
  ...action,
  timeout: duration.optional(),
  env: environment.optional(),
  ...placeFields,
  concurrency: orderFields.concurrency,
  rate: orderFields.rate,
  ...secretFields,
  retries: z.lazy(() => retries).optional(),
};
const verifier = z.strictObject(verifyFields, { error: stepHint }).superRefine((value, context) => {
  demandOne(value, actionKeys, context);
  demandModule(value, context);
  demandVerifier(value, context);
  demandLine(value, context);
});
const verify = oneOrMore(verifier, 'verifier');

/** In a schema for editors. */
const oneLine = '^[^\\r\\n]*$';
const reservedTags = /^(?:job_.*|step|attempt|cause|exit_code|signal|pipeline_id|template)$/;
const tags = z
  .record(
    z
      .string()
      .regex(/^[A-Za-z0-9_.:-]{1,64}$/, { error: 'expected a tag name of at most 64 letters, digits or _ . : -' })
      .refine((key) => !reservedTags.test(key), { error: 'is a tag that Booty sets itself' })
      .meta({ not: { pattern: reservedTags.source } }),
    word
      .refine((text) => text.length <= 200 && !/[\r\n]/.test(text), {
        error: 'expected at most 200 characters on one line',
      })
      .meta({ maxLength: 200, pattern: oneLine }),
    { error: 'expected a mapping of names to values' },
  )
  .refine((map) => Object.keys(map).length <= 40, { error: 'expected at most 40 tags' })
  .meta({ maxProperties: 40 });

export const journalLevel = z.enum(journalLevels, { error: 'expected all, errors or off' });

const retryFields = {
  limit: z
    .int({ error: 'expected a whole number' })
    .min(0, { error: 'expected at least 0' })
    .max(1000, { error: 'expected at most 1000' }),
  backoff: z.enum(backoffs, { error: 'expected fixed, linear or exponential' }).optional(),
  delay: duration.optional(),
  maxDelay: duration.optional(),
  on: z
    .array(z.enum(retryReasons, { error: `expected one of ${retryReasons.join(', ')}` }), { error: 'expected a list' })
    .min(1, { error: 'expected at least one cause' })
    .optional(),
};
const retries = z.preprocess(
  (value) => (typeof value === 'number' ? { limit: value } : value),
  z.strictObject(retryFields, { error: 'expected a number of retries, or a mapping with limit' }),
);

const dueHint = 'expected a time with its zone, such as 2026-11-24T02:00:00Z, or a duration after the drop, such as 6h';
const due = z
  .string({ error: dueHint })
  .refine((text) => (parseDuration(text) ?? 0) > 0 || parseInstant(text) !== null, { error: dueHint })
  .transform((text): Due => {
    const ms = parseDuration(text);
    return ms === null ? { kind: 'at', at: parseInstant(text) ?? instant(0) } : { kind: 'after', ms };
  })
  .meta({ pattern: `${durationPattern.source}|${instantPattern.source}` });

const fingerprintPart = word
  .refine((text) => text.length > 0 && text.length <= 200 && !/[\r\n]/.test(text), {
    error: 'expected 1 to 200 characters on one line',
  })
  .meta({ minLength: 1, maxLength: 200, pattern: oneLine });
const fingerprintHint = 'expected a list of texts; {{ default }} stands for Booty’s own';
const exitCode = z.int({ error: 'expected an exit code from 1 to 255' }).min(1).max(255);
const crashFields = {
  fingerprint: z
    .array(fingerprintPart, { error: fingerprintHint })
    .min(1, { error: fingerprintHint })
    .max(20, { error: 'expected at most 20 texts' })
    .optional(),
  ignoreExitCodes: z
    .array(exitCode, { error: 'expected a list of exit codes' })
    .max(maxEntries, { error: `expected at most ${maxEntries} exit codes` })
    .optional(),
  captureRejections: z.boolean({ error: 'expected true or false' }).optional(),
  sourceLines: z
    .int({ error: 'expected a whole number' })
    .min(0, { error: 'expected at least 0' })
    .max(20, { error: 'expected at most 20' })
    .optional(),
};

const slug = z
  .string({ error: 'expected the slug of a monitor' })
  .regex(/^[a-z0-9_-]{1,50}$/, { error: 'expected 1 to 50 small letters, digits, - or _: the slug of a monitor' });
const wholeMinutes = duration.refine((ms) => ms % 60_000 === 0, { error: 'expected whole minutes, such as 5m' });
const crontab = z
  .string({ error: 'expected a crontab line, such as "0 2 * * *"' })
  .regex(/^(?:@(?:hourly|daily|weekly|monthly|yearly|annually|midnight)|\S+(?: +\S+){4})$/, {
    error: 'expected the five fields of a crontab line, such as "0 2 * * *"',
  })
  .refine((text) => text.length <= 200, { error: 'expected at most 200 characters' });
const monitorFields = {
  slug,
  schedule: crontab.optional(),
  every: z
    .string({ error: 'expected an interval, such as 1 day or 10 minutes' })
    .regex(new RegExp(`^[1-9]\\d{0,3} (?:${monitorUnits.join('|')})s?$`), {
      error: 'expected an interval, such as 1 day or 10 minutes',
    })
    .optional(),
  timezone: z
    .string({ error: 'expected a time zone, such as Europe/Berlin' })
    .refine(isTimeZone, { error: 'expected a time zone, such as Europe/Berlin' })
    .optional(),
  checkinMargin: wholeMinutes.optional(),
  maxRuntime: wholeMinutes.optional(),
};
const monitor = z
  .strictObject(monitorFields, { error: 'expected the slug of a monitor, or a mapping with slug' })
  .superRefine((value, context) => {
    if (value.schedule !== undefined && value.every !== undefined)
      context.addIssue({ code: 'custom', path: ['every'], message: 'expected only one of schedule and every' });
    if (value.schedule === undefined && value.every === undefined)
      for (const key of ['timezone', 'checkinMargin', 'maxRuntime'] as const)
        if (value[key] !== undefined)
          context.addIssue({ code: 'custom', path: [key], message: 'only goes with schedule or every' });
  });

const jobFields = {
  kind: z.enum(['pipeline', 'verifier'], { error: 'expected pipeline or verifier' }).default('pipeline'),
  id: label('expected an id')
    .refine((text) => parseJobId(text) !== null, {
      error: `expected 1 to ${maxIdLength} letters, digits, dots, underscores or dashes, beginning with a letter or digit`,
    })
    .meta({ pattern: idPattern.source, maxLength: maxIdLength })
    .optional(),
  name: name.optional(),
  steps: z
    .array(step, { error: 'expected a list of steps' })
    .min(1, { error: 'expected at least one step' })
    .max(maxSteps, { error: `expected at most ${maxSteps} steps` })
    .optional(),
  ...action,
  verify: verify.optional(),
  timeout: duration.optional(),
  priority: z
    .int({ error: 'expected a whole number' })
    .min(-1000, { error: 'expected at least -1000' })
    .max(1000, { error: 'expected at most 1000' })
    .default(0),
  env: environment.optional(),
  tags: tags.optional(),
  limits: limits.optional(),
  journal: journalLevel.optional(),
  onInterrupt: z.enum(['retry', 'fail'], { error: 'expected retry or fail' }).default('retry'),
  retries: retries.optional(),
  notBefore: due.optional(),
  expires: due.optional(),
  crash: z.strictObject(crashFields, { error: 'expected a mapping' }).optional(),
  monitor: z.preprocess((value) => (typeof value === 'string' ? { slug: value } : value), monitor).optional(),
  ...reportFields,
  ...orderFields,
  ...placeFields,
  ...resumeFields,
  ...secretFields,
  ...isolationFields,
};

/** Version 1 of the job file. */
export const jobFileSchema = z
  .strictObject(jobFields, { error: 'expected a mapping, such as "run: echo hello"' })
  .superRefine((value, context) => {
    demandOne(value, ['steps', ...actionKeys], context);
    demandModule(value, context);
    demandOrder(value, context);
    demandVerify(value, context);
    demandBeginning(value, context);
    if (value.kind === 'verifier' && value.verify) {
      context.addIssue({
        code: 'custom',
        path: ['verify'],
        message: 'a verifier has no verifier of its own: leave it out, or make this a pipeline',
      });
    }
  });
export type RetriesFile = z.output<typeof retries>;
export type MonitorFile = z.output<typeof monitor>;
export type JobFile = z.output<typeof jobFileSchema>;
export type StepFile = z.output<typeof step>;
export type VerifyFile = z.output<typeof verifier>;

/** The keys that may stand at a path of a job file, for telling the nearest one. */
export function knownJobKeys(full: readonly (string | number)[]): readonly string[] {
  // One of several verifiers has the keys of the only one.
  const path = full[0] === 'verify' && typeof full[1] === 'number' ? ['verify', ...full.slice(2)] : full;
  if (path.length === 0) return [...Object.keys(jobFields), 'uses'];
  if (path[0] === 'steps') return Object.keys(stepFields);
  if (path[0] === 'verify' && path[1] === 'retries') return Object.keys(retryFields);
  if (path[0] === 'verify' && path[1] === 'concurrency') return concurrencyKeys;
  if (path[0] === 'verify') return Object.keys(verifyFields);
  if (path[0] === 'retries') return Object.keys(retryFields);
  if (path[0] === 'crash') return Object.keys(crashFields);
  if (path[0] === 'report') return knownReportKeys;
  if (path[0] === 'monitor') return Object.keys(monitorFields);
  if (path[0] === 'concurrency') return concurrencyKeys;
  return path[0] === 'limits' ? limitKeys : [];
}

function demandOne(value: object, keys: readonly string[], context: z.RefinementCtx): void {
  const present = keys.filter((key) => (value as Record<string, unknown>)[key] !== undefined);
  if (present.length === 1) return;
  const list = `${keys.slice(0, -1).join(', ')} or ${keys.at(-1)}`;
  context.addIssue({
    code: 'custom',
    message:
      present.length === 0 ? `expected one of ${list}` : `expected only one of ${list}, found ${present.join(' and ')}`,
  });
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) instanceof Intl.DateTimeFormat;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
