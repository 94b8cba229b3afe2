import { cpSync, existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { assertAll, type Contender, command, type Run, type Task } from './contender.ts';
import { awaitOutcomes, countSucceeded, drop, makeReady } from './dropping.ts';
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

/** From the first of the renames into `incoming` until all outcome files are there and their names durable. */
export const booty = (program: string, wrapper: Wrapper | null = null): Contender => ({
  name: 'Booty',
  keeps: 'everything',
  missing: null,
  async run({ jobs, atOnce, directory, limitMs, signal }: Task): Promise<Run> {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
    const configuration = `concurrency: { pipeline: ${atOnce} }\n`;
    await using supervisor = await Supervisor.start(program, directory, signal, configuration, wrapper?.argv);
    if (wrapper && !supervisor.journal().some((line) => line.includes(wrapper.says)))
      throw new Error(`the supervisor did not say ${wrapper.says}`);
    const ids = Array.from({ length: jobs }, (_, index) => `true-${index}`);
    const ready = makeReady(join(directory, 'ready'), ids, (id) => `id: ${id}\ncommand: [${command}]\n`);
    const from = performance.now();
    drop(ready, supervisor.incoming);
    await awaitOutcomes(supervisor.outcomes, jobs, limited);
    const seconds = (performance.now() - from) / 1000;
    assertAll('Booty', jobs, countSucceeded(supervisor.outcomes, ids));
    return { seconds, residentKb: supervisor.residentKb() };
  },
});
