import { cpSync, existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { assertAll, type Contender, command, limitFor, type Run, type Task } from './contender.ts';
import { awaitOutcomes, countSucceeded, drop, makeReady, takeAway } from './dropping.ts';
import { Supervisor } from './supervisor.ts';

/** Which program is measured. */
export interface Program {
  readonly path: string;
  readonly mode: 'release' | 'source' | 'chosen';
  /** The bundle was made before the newest change of the source. */
  readonly stale: boolean;
}

const checkout = join(import.meta.dirname, '..');
const built = join(checkout, 'build', 'lib', 'booty.mjs');

/** The release, copied so that a build meanwhile changes nothing, or else the source as it is. */
export async function findBooty(chosen: string | null, directory: string): Promise<Program> {
  if (chosen !== null) return { path: chosen, mode: 'chosen', stale: false };
  if (!existsSync(built)) return { path: join(checkout, 'bin', 'booty'), mode: 'source', stale: false };
  const release = join(directory, 'release');
  for (const part of ['bin', 'lib', 'package.json'])
    cpSync(join(checkout, 'build', part), join(release, part), { recursive: true, verbatimSymlinks: true });
  const stale = (await stat(built)).mtimeMs < (await newestOf(join(checkout, 'src')));
  return { path: join(release, 'bin', 'booty'), mode: 'release', stale };
}

async function newestOf(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Math.max(...(await Promise.all(files.map(async (file) => (await stat(file)).mtimeMs))));
}

/** What a supervisor is started by, and becomes; and what it then must have said. */
export interface Wrapper {
  readonly argv: readonly string[];
  readonly says: string;
}

/** How many jobs a supervisor that goes on has run before the first that is measured: V8 has compiled by then what it finds worth it. */
const before = 10_000;
export const freshName = 'Booty';
export const steadyName = `Booty, after ${before} jobs`;
const keeps = 'everything';
const configurationOf = ({ atOnce }: Pick<Task, 'atOnce'>): string => `concurrency: { pipeline: ${atOnce} }\n`;

/** A supervisor for each run, which has done nothing before it. */
export const booty = (program: string, wrapper: Wrapper | null = null): Contender => ({
  name: freshName,
  keeps,
  missing: null,
  async run(task: Task): Promise<Run> {
    const { directory, signal } = task;
    const configuration = configurationOf(task);
    await using supervisor = await Supervisor.start(program, directory, signal, configuration, wrapper?.argv);
    if (wrapper && !supervisor.journal().some((line) => line.includes(wrapper.says)))
      throw new Error(`the supervisor did not say ${wrapper.says}`);
    return await runJobs(supervisor, 'true', task);
  },
});

/** One supervisor for all runs, as it is where it has been running for a while. */
export class SteadyBooty implements Contender, AsyncDisposable {
  readonly name = steadyName;
  readonly keeps = keeps;
  readonly missing = null;
  readonly #program: string;
  readonly #directory: string;
  #supervisor: Supervisor | null = null;
  #runs = 0;

  /** @param directory the supervisor's, on the disk of the runs */
  constructor(program: string, directory: string) {
    this.#program = program;
    this.#directory = directory;
  }

  async run(task: Task): Promise<Run> {
    const supervisor = this.#supervisor ?? (await this.#start(task));
    this.#runs += 1;
    return await runJobs(supervisor, `true-${this.#runs}`, task);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#supervisor?.stop();
  }

  async #start(task: Task): Promise<Supervisor> {
    const { directory, signal } = task;
    this.#supervisor = await Supervisor.start(this.#program, this.#directory, signal, configurationOf(task));
    const jobs = Math.min(before, 10 * task.jobs);
    await runJobs(this.#supervisor, 'before', { ...task, directory, jobs, limitMs: limitFor(jobs) });
    return this.#supervisor;
  }
}

/**
 * From the first of the renames into `incoming` until all outcome files are there and their names durable.
 * @param prefix of their ids, and of no others @param more lines of each job file
 */
export async function runJobs(
  supervisor: Supervisor,
  prefix: string,
  { jobs, directory, limitMs, signal }: Omit<Task, 'atOnce' | 'lines'>,
  more = '',
): Promise<Run> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  const ids = Array.from({ length: jobs }, (_, index) => `${prefix}-${index}`);
  const ready = makeReady(join(directory, `ready-${prefix}`), ids, (id) => `id: ${id}\ncommand: [${command}]\n${more}`);
  const from = performance.now();
  drop(ready, supervisor.incoming);
  await awaitOutcomes(supervisor.outcomes, jobs, limited, (file) => file.startsWith(`${prefix}-`));
  const seconds = (performance.now() - from) / 1000;
  assertAll('Booty', jobs, countSucceeded(supervisor.outcomes, ids));
  // Whoever waits for the next ones would list these as well, each time.
  takeAway(ids, supervisor.outcomes, join(directory, `taken-${prefix}`));
  return { seconds, residentKb: supervisor.residentKb() };
}
