import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { type KeyPath, parseDocument } from '../job/document.ts';
import { isolation } from '../job/isolation-schema.ts';
import type { JobKind, JournalLevel } from '../job/job.ts';
import { resourceFields, resourcesOf, size } from '../job/limits-schema.ts';
import type { JobDefaults } from '../job/parse.ts';
import { problemsOf } from '../job/problems.ts';
import type { Refusal } from '../job/refusal.ts';
import { knownReportKeys } from '../job/report-schema.ts';
import { duration, journalLevel } from '../job/schema.ts';
import { type ByteCount, bytes, type Milliseconds, milliseconds } from '../job/units.ts';
import type { PathChoices } from './paths.ts';
import type { Policy } from './policy.ts';
import { policyKeys, policyOf, policyShape } from './policy-schema.ts';
import {
  defaultGithubApi,
  reportDefaultsShape,
  reportPolicyShape,
  reportRules,
  reportsShape,
} from './report-policy.ts';

/** booty.yaml, with every default filled in. */
export interface Config {
  readonly concurrency: Readonly<Record<JobKind, number>>;
  readonly defaults: JobDefaults;
  /** Between TERM and KILL. */
  readonly killGraceMs: Milliseconds;
  /** How long running jobs may go on once the supervisor was told to stop. */
  readonly drainLimitMs: Milliseconds;
  readonly scanIntervalMs: Milliseconds;
  /** How long a file that is written in place must have stood still. */
  readonly settleMs: Milliseconds;
  readonly crash: CrashLimits;
  readonly outbox: { readonly maxBytes: ByteCount; readonly maxAgeMs: Milliseconds };
  readonly retention: RetentionLimits;
  readonly control: ControlAccess;
  /** A job under which the supervisor has died so often is put aside. */
  readonly maxLost: number;
  /** Where comments are made. */
  readonly githubApi: string;
  /** Who may do what with the spool. */
  readonly policy: Policy;
  /** What of the output of jobs that do not say goes to the journal. */
  readonly journal: JournalLevel;
  /** A job that waits gains one priority in each such time; null: it does not. */
  readonly agingMs: Milliseconds | null;
  /** What becomes of a job with limits that nothing here enforces. */
  readonly unenforcedLimits: UnenforcedLimits;
  /** Whether jobs may mount, in namespaces of their own: they can then write to cgroups as well. */
  readonly jobsMayMount: boolean;
}

/** How many crashes are sent one by one; the rest is counted, and told by one event. */
export interface CrashLimits {
  /** Of one group at once. One more comes free with each window. */
  readonly burst: number;
  /** What a group has beyond that is told after so long; where it goes on, after twice as long each time, up to an hour. */
  readonly windowMs: Milliseconds;
  /** Of all groups together. */
  readonly maxPerHour: number;
}

export const unenforcedLimits = ['ignore', 'refuse'] as const;
export type UnenforcedLimits = (typeof unenforcedLimits)[number];

/** What is kept of what has ended; whatever has not is kept in any case. */
export interface RetentionLimits {
  /** Of ended jobs in the ledger, with their outcome files and logs; and of rejected files. */
  readonly maxAgeMs: Milliseconds;
  readonly maxJobs: number;
  /** For the logs of all ended jobs together. */
  readonly maxLogBytes: ByteCount;
  readonly maxRejected: number;
}

/** Who may connect to the supervisor's socket. */
export interface ControlAccess {
  /** Null: the supervisor's own. */
  readonly group: string | null;
  /** Permission bits of the socket. */
  readonly mode: number;
}

const count = (least: number, most: number) =>
  z
    .int({ error: 'expected a whole number' })
    .min(least, { error: `expected at least ${least}` })
    .max(most, { error: `expected at most ${most}` });
const slots = count(1, 1024);
/** `0660` without quotes is the number 660 in YAML: its digits are meant. */
const socketModes: Readonly<Record<string, number>> = { 600: 0o600, 660: 0o660, 666: 0o666 };
const socketMode = z
  .union([z.string(), z.int()], { error: 'expected 0600, 0660 or 0666' })
  .transform((value) => String(value).replace(/^0+/, ''))
  .refine((digits) => digits in socketModes, { error: 'expected 0600, 0660 or 0666' })
  .transform((digits) => socketModes[digits] ?? 0);
const path = z.string({ error: 'expected a path' }).min(1, { error: 'expected a path' });
const section = <Shape extends z.ZodRawShape>(shape: Shape) => z.strictObject(shape, { error: 'expected a mapping' });

const shapes = {
  concurrency: { pipeline: slots.optional(), verifier: slots.optional() },
  paths: {
    spool: path.optional(),
    state: path.optional(),
    secrets: path.optional(),
    release: path.optional(),
    modules: path.optional(),
    templates: path.optional(),
    socket: path.optional(),
  },
  drain: { limit: duration.optional() },
  defaults: {
    timeout: duration.optional(),
    killGrace: duration.optional(),
    output: size.optional(),
    limits: section(resourceFields).nullish(),
    isolation: isolation.optional(),
    maxLost: count(1, 100).optional(),
    ...reportDefaultsShape,
  },
  schedule: { aging: duration.refine((ms) => ms >= 1000, { error: 'expected at least 1s' }).optional() },
  spool: { scanInterval: duration.optional(), settle: duration.optional() },
  crash: {
    burst: count(1, 100_000).optional(),
    window: duration.refine((ms) => ms >= 100, { error: 'expected at least 100ms' }).optional(),
    maxPerHour: count(1, 1_000_000).optional(),
  },
  outbox: { maxBytes: size.optional(), maxAge: duration.optional() },
  control: {
    group: z
      .string({ error: 'expected the name of a group' })
      .min(1, { error: 'expected the name of a group' })
      .optional(),
    mode: socketMode.optional(),
  },
  retention: {
    maxAge: duration.optional(),
    maxJobs: count(1, 100_000_000).optional(),
    maxLogs: size.optional(),
    maxRejected: count(1, 1_000_000).optional(),
  },
  policy: {
    ...policyShape,
    ...reportPolicyShape,
    jobsMayMount: z.boolean({ error: 'expected true or false' }).optional(),
    unenforcedLimits: z.enum(unenforcedLimits, { error: 'expected ignore or refuse' }).optional(),
  },
  reports: reportsShape,
};
export const configFileSchema = z.strictObject(
  {
    concurrency: section(shapes.concurrency).nullish(),
    paths: section(shapes.paths).nullish(),
    drain: section(shapes.drain).nullish(),
    defaults: section(shapes.defaults).nullish(),
    schedule: section(shapes.schedule).nullish(),
    spool: section(shapes.spool).nullish(),
    crash: section(shapes.crash).nullish(),
    outbox: section(shapes.outbox).nullish(),
    control: section(shapes.control).nullish(),
    retention: section(shapes.retention).nullish(),
    policy: section(shapes.policy).nullish(),
    reports: section(shapes.reports).nullish(),
    journal: journalLevel.nullish(),
  },
  { error: 'expected a mapping' },
);
type ConfigFile = z.output<typeof configFileSchema>;

const knownKeys = (at: KeyPath): readonly string[] => {
  if (at[0] === 'defaults' && at[1] === 'report') return knownReportKeys;
  if (at[0] === 'defaults' && at[1] === 'limits') return Object.keys(resourceFields);
  return at[0] === 'policy' && at.length > 1 ? policyKeys(at) : knownShapeKeys(at);
};
const knownShapeKeys = (at: KeyPath): readonly string[] =>
  at.length === 0 ? [...Object.keys(shapes), 'journal'] : Object.keys(shapes[at[0] as keyof typeof shapes] ?? {});

export interface ReadConfig {
  readonly config: Config;
  readonly paths: PathChoices;
  /** Empty: the file is as it should be. Otherwise the defaults stand in for it. */
  readonly problems: readonly Refusal[];
}

/** Reads the content of booty.yaml; null, an empty file and one of comments only mean the defaults. */
export function readConfig(content: Uint8Array | null): ReadConfig {
  const empty = { config: fillIn({}), paths: {} };
  if (content === null) return { ...empty, problems: [] };
  const document = parseDocument(content);
  if (!document.ok) return { ...empty, problems: document.refusal.code === 'EMPTY' ? [] : [document.refusal] };
  if (document.value.data === null) return { ...empty, problems: [] };
  const result = configFileSchema.safeParse(document.value.data);
  if (!result.success) return { ...empty, problems: problemsOf(result.error, document.value, knownKeys) };
  return { config: fillIn(result.data), paths: result.data.paths ?? {}, problems: [] };
}

/** Keys whose values differ. */
export const changedKeys = (a: Config, b: Config): string[] =>
  Object.keys(a).filter((key) => !isDeepStrictEqual(a[key as keyof Config], b[key as keyof Config]));

const dayMs = 86_400_000;

function fillIn(file: ConfigFile): Config {
  return Object.freeze({
    concurrency: { pipeline: file.concurrency?.pipeline ?? 2, verifier: file.concurrency?.verifier ?? 2 },
    defaults: {
      timeoutMs: milliseconds(file.defaults?.timeout ?? 3_600_000),
      outputMaxBytes: bytes(file.defaults?.output ?? 64 * 1024 ** 2),
      limits: resourcesOf(file.defaults?.limits ?? {}),
      isolation: file.defaults?.isolation ?? null,
      reports: reportRules(file.policy, file.defaults?.report),
    },
    killGraceMs: milliseconds(file.defaults?.killGrace ?? 10_000),
    drainLimitMs: milliseconds(file.drain?.limit ?? 60_000),
    scanIntervalMs: milliseconds(file.spool?.scanInterval ?? 5000),
    settleMs: milliseconds(file.spool?.settle ?? 200),
    crash: {
      burst: file.crash?.burst ?? 10,
      windowMs: milliseconds(file.crash?.window ?? 60_000),
      maxPerHour: file.crash?.maxPerHour ?? 300,
    },
    outbox: {
      maxBytes: bytes(file.outbox?.maxBytes ?? 256 * 1024 ** 2),
      maxAgeMs: milliseconds(file.outbox?.maxAge ?? 30 * dayMs),
    },
    retention: {
      maxAgeMs: milliseconds(file.retention?.maxAge ?? 90 * dayMs),
      maxJobs: file.retention?.maxJobs ?? 100_000,
      maxLogBytes: bytes(file.retention?.maxLogs ?? 4 * 1024 ** 3),
      maxRejected: file.retention?.maxRejected ?? 10_000,
    },
    control: { group: file.control?.group ?? null, mode: file.control?.mode ?? 0o660 },
    maxLost: file.defaults?.maxLost ?? 3,
    githubApi: file.reports?.githubApi ?? defaultGithubApi,
    policy: policyOf(file.policy),
    journal: file.journal ?? 'all',
    unenforcedLimits: file.policy?.unenforcedLimits ?? 'ignore',
    jobsMayMount: file.policy?.jobsMayMount ?? false,
    agingMs: file.schedule?.aging === undefined ? null : milliseconds(file.schedule.aging),
  });
}
