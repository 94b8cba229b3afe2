import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { OutcomeRecord } from '../../src/job/outcome.ts';
import { type JournalLine, parseJournalLine } from './journal-line.ts';
import { ended, endWithUs, plainEnvironment, program } from './program.ts';
import { type JobKeys, Root, type RootOptions } from './root.ts';
import { patience, poll, Waiting } from './waiting.ts';

export interface SupervisorOptions {
  /** Variables that are really set for it. */
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Before the program, such as `['unshare', '-rn']`. It must replace itself by the program. */
  readonly wrapper?: readonly [string, ...string[]];
  /** Told of each line as it comes. */
  readonly onLine?: (line: JournalLine) => void;
}

export interface Exited {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

const stopLimitMs = 20_000 * patience;
const exitLimitMs = 60_000;

/** A real supervisor, a child of the test, on a root. */
export class SupervisorProcess implements AsyncDisposable {
  readonly root: Root;
  /** What it wrote to its standard output, in order. */
  readonly lines: JournalLine[] = [];
  readonly #exited: Promise<Exited>;
  readonly #child: ChildProcess;
  readonly #ownsRoot: boolean;
  readonly #waiting = new Waiting();
  #stderr = '';
  #exit: Exited | null = null;

  private constructor(root: Root, ownsRoot: boolean, options: SupervisorOptions) {
    this.root = root;
    this.#ownsRoot = ownsRoot;
    const supervise = [program, 'supervise', '--root', root.path, ...(options.args ?? [])] as const;
    const [command, ...args] = options.wrapper ? ([...options.wrapper, ...supervise] as const) : supervise;
    const child = spawn(command, args, {
      env: { ...plainEnvironment, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    endWithUs(child);
    const lines = createInterface({ input: child.stdout });
    const read = new Promise<void>((resolve) => lines.once('close', resolve));
    lines.on('line', (text) => {
      const line = parseJournalLine(text);
      this.lines.push(line);
      options.onLine?.(line);
      this.#waiting.notify();
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (this.#stderr += chunk));
    this.#exited = Promise.all([ended(child), read]).then(([[status, signal]]) => {
      this.#exit = { status, signal };
      this.#waiting.notify();
      return this.#exit;
    });
  }

  /** Starts one, and does not wait: for starts that are refused. */
  static launch(root: Root, options: SupervisorOptions = {}): SupervisorProcess {
    return new SupervisorProcess(root, false, options);
  }

  /** Starts one on the root, or on a new root of its own; resolves once it is ready. */
  static async start(where: Root | RootOptions = {}, options: SupervisorOptions = {}): Promise<SupervisorProcess> {
    const root = where instanceof Root ? where : await Root.make(where);
    const supervisor = new SupervisorProcess(root, root !== where, options);
    try {
      await supervisor.line({ kind: 'supervisor.ready' });
      return supervisor;
    } catch (error) {
      await supervisor[Symbol.asyncDispose]();
      throw error;
    }
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** Resolves once it has ended and all that it wrote was read. Rejects where it runs on for a minute. */
  get exited(): Promise<Exited> {
    const state = () => this.#tellState();
    return this.#waiting.until('its end', () => this.#exit, { timeoutMs: exitLimitMs, state });
  }

  /** The same, however long it runs. */
  get end(): Promise<Exited> {
    return this.#exited;
  }

  /** How it ended; null while it runs. */
  get exit(): Exited | null {
    return this.#exit;
  }

  /** What it wrote to standard error: nothing but what refuses a start. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Lines of one kind, or that a pattern matches, so far. */
  linesOf(wanted: Wanted): JournalLine[] {
    return this.lines.filter((line) => matches(line, wanted));
  }

  /** The first such line, past or to come. Rejects where the supervisor ends without it. */
  line(wanted: Wanted, timeoutMs?: number): Promise<JournalLine> {
    const what = `a line ${JSON.stringify(wanted instanceof RegExp ? wanted.source : wanted)}`;
    const find = (): JournalLine | undefined => {
      const found = this.lines.find((line) => matches(line, wanted));
      if (!found && this.#exit) throw new Error(`it ended without ${what}\n${this.#tellState()}`);
      return found;
    };
    const state = () => this.#tellState();
    return this.#waiting.until(what, find, timeoutMs === undefined ? { state } : { state, timeoutMs });
  }

  drop(name: string, content: string | Uint8Array): Promise<void> {
    return this.root.drop(name, content);
  }

  /** Drops a job, and waits for its outcome. */
  async run(job: JobKeys, timeoutMs?: number): Promise<OutcomeRecord> {
    await this.root.dropJob(job);
    return this.outcome(job.id, timeoutMs);
  }

  /** What `outcomes/ID.json` says, once it is there. */
  outcome(id: string, timeoutMs?: number): Promise<OutcomeRecord> {
    const find = (): OutcomeRecord | null => {
      const outcome = this.root.outcome(id);
      if (!outcome && this.#exit) throw new Error(`it ended before job ${id} did\n${this.#tellState()}`);
      return outcome;
    };
    const state = () => this.#tellState();
    return poll(`the outcome of ${id}`, find, timeoutMs === undefined ? { state } : { state, timeoutMs });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** TERM, and waits until it has stopped. Rejects, with the supervisor killed, where it does not. */
  async stop(): Promise<Exited> {
    if (this.#exit) return this.#exit;
    this.signal('SIGTERM');
    const limit = setTimeout(() => this.signal('SIGKILL'), stopLimitMs);
    const exit = await this.#exited;
    clearTimeout(limit);
    if (exit.signal === 'SIGKILL')
      throw new Error(`TERM did not stop it within ${stopLimitMs} ms\n${this.#tellState()}`);
    return exit;
  }

  /** kill -9. Its jobs live on. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited;
  }

  /** Kills it where it still runs; its own root goes with it. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#exit) await this.kill();
    if (this.#ownsRoot) await this.root[Symbol.asyncDispose]();
  }

  #tellState(): string {
    const ending = this.#exit ? `exit status ${this.#exit.status}, signal ${this.#exit.signal}` : 'still running';
    return [`supervisor: ${ending}`, ...this.lines.slice(-20).map((line) => line.raw), this.#stderr].join('\n');
  }
}

/** A pattern of the line's text, or its kind and some of its fields. */
export type Wanted = RegExp | { readonly kind: string; readonly [field: string]: string };

function matches(line: JournalLine, wanted: Wanted): boolean {
  if (wanted instanceof RegExp) return wanted.test(line.text);
  return Object.entries(wanted).every(([key, value]) => (key === 'kind' ? line.kind : line.fields[key]) === value);
}
