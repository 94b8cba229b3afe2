/** What is measured, and how often. */
export interface Settings {
  /** A quick look that fails only where something is far off. */
  readonly smoke: boolean;
  readonly rounds: number;
  readonly jobs: number;
  /** How often the time from a drop to the child's start is taken. */
  readonly drops: number;
  /** How long it is left alone before that: it goes to rest after 30 to 40 s (src/native/heap.ts). */
  readonly restMs: number;
  /** How long an idle supervisor is watched. */
  readonly idleMs: number;
  /** So many jobs print a megabyte a second each, for so long. */
  readonly printers: number;
  readonly printingMs: number;
  /** How many jobs wait, are in the history, are dropped at once, and run one after the other, where it is to be large. */
  readonly many: number;
  readonly ended: number;
  readonly dropped: number;
  readonly run: number;
  /** How often each question is asked of the history. */
  readonly asks: number;
  /** Backlogs between none and {@link many}, for the curves. */
  readonly backlogs: readonly number[];
  /** Only these parts; null: all. */
  readonly parts: readonly string[] | null;
  /** How often the time from the start of the program to `supervisor.ready` is taken. */
  readonly starts: number;
  /** Where the throw-away directories are made. On a disk: a file system in memory makes every fsync free. */
  readonly directory: string;
  /** The `bin/booty` to measure in place of this checkout's. */
  readonly program: string | null;
}

const full = {
  rounds: 5,
  jobs: 1000,
  drops: 200,
  starts: 7,
  restMs: 45_000,
  idleMs: 60_000,
  printers: 100,
  printingMs: 20_000,
  many: 1_000_000,
  ended: 1_000_000,
  dropped: 100_000,
  run: 100_000,
  asks: 5,
  backlogs: [0, 1000, 10_000, 100_000, 1_000_000],
} as const;
const quick = {
  rounds: 1,
  jobs: 100,
  drops: 10,
  starts: 2,
  restMs: 1000,
  idleMs: 1000,
  printers: 10,
  printingMs: 1000,
  many: 20_000,
  ended: 20_000,
  dropped: 500,
  run: 200,
  asks: 1,
  backlogs: [0, 20_000],
} as const;

/**
 * Reads BENCH_SMOKE, BENCH_PARTS, BENCH_DIR, BENCH_PROGRAM, and the numbers BENCH_ROUNDS, BENCH_JOBS, BENCH_DROPS, BENCH_STARTS, BENCH_MANY, BENCH_RUN.
 * @throws Error that names the variable
 */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const smoke = env.BENCH_SMOKE === '1';
  const usual = smoke ? quick : full;
  const many = wholeNumber(env, 'BENCH_MANY', usual.many, 10_000_000);
  return {
    ...usual,
    smoke,
    many,
    ended: many,
    backlogs: [...usual.backlogs.filter((backlog) => backlog < many), many],
    run: wholeNumber(env, 'BENCH_RUN', usual.run, 1_000_000),
    parts: env.BENCH_PARTS ? env.BENCH_PARTS.split(',') : null,
    rounds: wholeNumber(env, 'BENCH_ROUNDS', usual.rounds, 100),
    jobs: wholeNumber(env, 'BENCH_JOBS', usual.jobs, 100_000),
    drops: wholeNumber(env, 'BENCH_DROPS', usual.drops, 10_000),
    starts: wholeNumber(env, 'BENCH_STARTS', usual.starts, 100),
    directory: env.BENCH_DIR || '/var/tmp',
    program: env.BENCH_PROGRAM || null,
  };
}

function wholeNumber(env: NodeJS.ProcessEnv, name: string, usual: number, most: number): number {
  const text = env[name];
  if (!text) return usual;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most)
    throw new Error(`${name}=${text}: expected a whole number from 1 to ${most}`);
  return value;
}
