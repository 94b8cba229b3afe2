/** What is measured, and how often. */
export interface Settings {
  /** A quick look that fails only where something is far off. */
  readonly smoke: boolean;
  readonly rounds: number;
  readonly jobs: number;
  /** How often the time from a drop to the child's start is taken. */
  readonly drops: number;
  /** How often the time from the start of the program to `supervisor.ready` is taken. */
  readonly starts: number;
  /** Where the throw-away directories are made. On a disk: a file system in memory makes every fsync free. */
  readonly directory: string;
  /** The `bin/booty` to measure in place of this checkout's. */
  readonly program: string | null;
}

const full = { rounds: 3, jobs: 1000, drops: 200, starts: 7 } as const;
const quick = { rounds: 1, jobs: 100, drops: 10, starts: 2 } as const;

/**
 * Reads BENCH_SMOKE, BENCH_ROUNDS, BENCH_JOBS, BENCH_DROPS, BENCH_STARTS, BENCH_DIR, BENCH_PROGRAM.
 * @throws Error that names the variable
 */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const smoke = env.BENCH_SMOKE === '1';
  const usual = smoke ? quick : full;
  return {
    smoke,
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
