import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { chmod, mkdir, rename, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { OutcomeRecord } from '../../src/job/outcome.ts';
import { type Finished, runBooty } from './program.ts';

export interface RootOptions {
  /** Goes into secrets.env. */
  readonly dsn?: string;
  /** The text of secrets.env, in place of `dsn`. */
  readonly secrets?: string;
  /** Permission bits of secrets.env, where not for its owner only. */
  readonly secretsMode?: number;
  /** The text of release.env. */
  readonly release?: string;
  /** The text of booty.yaml. */
  readonly config?: string;
  /** How the directory's name begins. */
  readonly prefix?: string;
}

/** The keys of a job file, whatever they are: what Booty makes of them is what is tested. */
export interface JobKeys {
  readonly id: string;
  readonly [key: string]: unknown;
}

/** A directory of its own below which everything of one Booty lives: `--root`. It outlives its supervisors. */
export class Root implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async make(options: RootOptions = {}): Promise<Root> {
    const root = new Root(mkdtempSync(join(tmpdir(), options.prefix ?? 'booty-test-')));
    const secrets = options.secrets ?? (options.dsn === undefined ? undefined : `SENTRY_DSN=${options.dsn}\n`);
    await mkdir(root.in('etc'));
    if (secrets !== undefined) await root.write('etc/secrets.env', secrets, options.secretsMode ?? 0o600);
    if (options.release !== undefined) await root.write('etc/release.env', options.release);
    if (options.config !== undefined) await root.write('etc/booty.yaml', options.config);
    return root;
  }

  in(...parts: readonly string[]): string {
    return join(this.path, ...parts);
  }

  async write(path: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
    await mkdir(dirname(this.in(path)), { recursive: true });
    await writeFile(this.in(path), content);
    // Not the mode of open(2): the umask would have a say in it.
    await chmod(this.in(path), mode);
  }

  /**
   * Drops a file as producers shall: written under a dot name, then renamed. The rename comes a tick of the file system's
   * clock after the last write, as it does where a producer makes the file durable: it is then seen to be complete.
   */
  async drop(name: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
    const temporary = this.in('spool/incoming', `.${name}.${process.hrtime.bigint()}.tmp`);
    await writeFile(temporary, content, { mode });
    const written = (Date.now() - 20) / 1000;
    await utimes(temporary, written, written);
    await rename(temporary, this.in('spool/incoming', name));
  }

  /** Drops a job file with these keys, named after its id. */
  dropJob(job: JobKeys): Promise<void> {
    return this.drop(`${job.id}.json`, JSON.stringify(job));
  }

  /** The outcome of a job; null where it has not ended. */
  outcome(id: string): OutcomeRecord | null {
    const text = readIfThere(this.in('spool/outcomes', `${id}.json`));
    return text === null ? null : (JSON.parse(text) as OutcomeRecord);
  }

  /** What lies in a directory, without names that begin with a dot. */
  names(directory: string): string[] {
    return listIfThere(this.in(directory)).filter((name) => !name.startsWith('.'));
  }

  /** The names there that begin with a dot. */
  hidden(directory: string): string[] {
    return listIfThere(this.in(directory)).filter((name) => name.startsWith('.'));
  }

  has(path: string): boolean {
    return existsSync(this.in(path));
  }

  /** Ids of the events that wait in the outbox, oldest first; with `dead`, of those that were given up. */
  outbox(which: 'waiting' | 'dead' = 'waiting'): string[] {
    const names = listIfThere(which === 'dead' ? this.in('lib/outbox/dead') : this.in('lib/outbox'));
    return names.sort().flatMap((name) => /^\d+-([0-9a-f]{32})(?:-[0-9a-f]{32})?\.envelope$/.exec(name)?.[1] ?? []);
  }

  /** Runs a command of Booty on this root. */
  booty(...args: readonly string[]): Promise<Finished> {
    return runBooty([...args, '--root', this.path]);
  }

  /** Ends what jobs left running here, and removes the directory. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const pid of processesBelow(this.path)) killIfThere(pid);
    rmSync(this.path, { recursive: true, force: true, maxRetries: 5 });
    await Promise.resolve();
  }
}

/** Processes whose working directory is below the path: the jobs of its supervisors, whoever is their parent now. */
function processesBelow(path: string): number[] {
  return listIfThere('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => linkIfThere(`/proc/${pid}/cwd`)?.startsWith(`${path}/`))
    .map(Number);
}

const listIfThere = (path: string): string[] => ifThere(() => readdirSync(path)) ?? [];
const readIfThere = (path: string): string | null => ifThere(() => readFileSync(path, 'utf8'));
const linkIfThere = (path: string): string | null => ifThere(() => readlinkSync(path));
const killIfThere = (pid: number): boolean | null => ifThere(() => process.kill(pid, 'SIGKILL'));

function ifThere<Result>(look: () => Result): Result | null {
  try {
    return look();
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}
