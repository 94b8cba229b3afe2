import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventCount } from './event-count.ts';
import { killOwnGroup, plainEnvironment } from './own.ts';

const readyLimitMs = 30_000;
const stopLimitMs = 30_000;

/** A supervisor of Booty below a root of its own, without a DSN. */
export class Supervisor implements AsyncDisposable {
  readonly incoming: string;
  readonly outcomes: string;
  /** From the start of `bin/booty` until its line `supervisor.ready` was seen. */
  readonly readyMs: number;
  readonly pid: number;
  /** Its control socket. */
  readonly socket: string;
  readonly #child: ChildProcess;
  readonly #journal: string;

  private constructor(root: string, child: ChildProcess, readyMs: number) {
    this.incoming = join(root, 'spool', 'incoming');
    this.outcomes = join(root, 'spool', 'outcomes');
    this.#journal = journalOf(root);
    this.#child = child;
    this.pid = child.pid ?? 0;
    this.socket = join(root, 'run', 'booty.sock');
    this.readyMs = readyMs;
  }

  /** @param root made where it is missing @param wrapper a program with its arguments that becomes it @throws Error where it does not get ready */
  static async start(
    program: string,
    root: string,
    signal: AbortSignal,
    configuration = '',
    wrapper: readonly string[] = [],
  ): Promise<Supervisor> {
    mkdirSync(join(root, 'etc'), { recursive: true });
    writeFileSync(join(root, 'etc', 'booty.yaml'), configuration);
    // Its lines go to a file: a pipe of ours would wake us for each of them, on the processors that we measure.
    const journal = openSync(journalOf(root), 'w');
    const limited = AbortSignal.any([signal, AbortSignal.timeout(readyLimitMs)]);
    using watcher = closing(watch(journalOf(root)));
    const from = performance.now();
    const [first, ...rest] = [...wrapper, program, 'supervise', '--root', root];
    const child = spawn(first, rest, {
      env: { ...plainEnvironment(root), BOOTY_NODE: process.env.BOOTY_NODE ?? process.execPath },
      stdio: ['ignore', journal, journal],
      detached: true,
    });
    closeSync(journal);
    const exited = once(child, 'exit');
    try {
      while (!readFileSync(journalOf(root), 'utf8').includes('supervisor.ready')) {
        if (child.exitCode !== null || child.signalCode !== null) throw new Error('it ended');
        await Promise.race([once(watcher.of, 'change', { signal: limited }), exited]);
      }
      return new Supervisor(root, child, performance.now() - from);
    } catch (error) {
      killOwnGroup(child.pid);
      throw new Error(`no supervisor.ready: ${readFileSync(journalOf(root), 'utf8').slice(-1000)}`, { cause: error });
    }
  }

  /** VmRSS (proc(5), status). */
  residentKb(): number {
    return this.#memoryKb('VmRSS');
  }

  /** VmHWM: the most that it was. */
  peakResidentKb(): number {
    return this.#memoryKb('VmHWM');
  }

  #memoryKb(key: string): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    const match = new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(status);
    if (!match) throw new Error(`no ${key}`);
    return Number(match[1]);
  }

  /** Counts one event of those that it tells. */
  counting(event: string): EventCount {
    return new EventCount(this.#journal, event);
  }

  /** What it has said, line by line. */
  journal(): readonly string[] {
    return readFileSync(this.#journal, 'utf8').split('\n');
  }

  /** @throws Error where it does not stop as it should */
  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGTERM');
      await Promise.race([once(this.#child, 'exit'), sleep(stopLimitMs, undefined, { ref: false })]);
    }
    if (this.#child.exitCode === 0) return;
    killOwnGroup(this.#child.pid);
    const lines = readFileSync(this.#journal, 'utf8').slice(-1000);
    throw new Error(
      `the supervisor did not stop well (${this.#child.signalCode ?? this.#child.exitCode ?? 'still running'}): ${lines}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

const journalOf = (root: string): string => join(root, 'journal');

const closing = <Of extends { close(): void }>(of: Of): Disposable & { readonly of: Of } => ({
  of,
  [Symbol.dispose]: () => of.close(),
});
