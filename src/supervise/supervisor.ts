import type { Config } from '../config/config.ts';
import { errorCode } from '../disk/durable.ts';
import type { JobKind } from '../job/job.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { hasOrphans } from '../run/orphans.ts';
import { restoreSpool } from '../spool/directories.ts';
import { SpoolWatcher } from '../spool/watch.ts';
import { Inbox } from './inbox.ts';
import { Intake } from './intake.ts';
import type { JobRun, JobRunParts, Settled } from './job-run.ts';
import { recover } from './recover.ts';
import { Reporter } from './reporter.ts';
import { Slots } from './slots.ts';

/** All that the loop acts on. Signals, watchers, timers and ended children only put one of these into the inbox. */
type Message =
  | { readonly kind: 'look' }
  | { readonly kind: 'slot'; readonly jobKind: JobKind }
  | { readonly kind: 'stop'; readonly signal: string }
  | { readonly kind: 'drain-limit' }
  | { readonly kind: 'idle' };

export interface SupervisorParts extends Omit<JobRunParts, 'ledger' | 'queue'> {
  readonly config: Config;
  readonly ledger: Ledger;
  /** To systemd, where it started us. */
  readonly notify: (state: string) => void;
  /** When the process began, by the monotonic clock of `performance.now`. */
  readonly startedMs: number;
}

/** After the machine had no process or descriptor to spare. */
const shortageRetryMs = 1000;
const extendEveryMs = 1000;

/**
 * The one loop.
 *
 *   start: recover ──▶ owed reports ──▶ first look ──▶ ready
 *   then:  look at the spool, fill the free slots from the ledger, settle what has ended
 *   stop:  take nothing new ──▶ wait for what runs, up to the drain limit ──▶ interrupt it ──▶ stopped
 */
export class Supervisor {
  readonly #parts: SupervisorParts;
  readonly #runParts: JobRunParts & { readonly ledger: Ledger };
  readonly #inbox = new Inbox<Message>();
  readonly #intake: Intake;
  readonly #reporter: Reporter;
  readonly #slots: Slots;
  #watcher: SpoolWatcher | null = null;
  #looking: 'now' | 'asked' | 'no' = 'no';
  #settleTimer: NodeJS.Timeout | null = null;
  #stopping: { readonly since: number } | null = null;
  #drainTimers: NodeJS.Timeout[] = [];
  #degraded: string | null = null;
  #interrupted = 0;
  #failure: { readonly error: unknown } | null = null;
  #status = '';

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
    this.#runParts = { ...parts, queue: parts.ledger };
    this.#intake = new Intake(parts.paths, parts.config, parts.ledger, parts.emit);
    this.#reporter = new Reporter(parts.paths.outcomes, parts.ledger, parts.emit);
    this.#slots = new Slots(parts.config.concurrency, this.#runParts, {
      onFree: (jobKind) => this.#inbox.push({ kind: 'slot', jobKind }),
      onSettled: (run, settled) => this.#onSettledRun(run, settled),
      onFailure: (error) => this.#fail(error),
      onQuiet: () => {
        if (this.#stopping) this.#inbox.push({ kind: 'idle' });
      },
    });
  }

  /** Asks to stop; asked again, it cuts every grace short. */
  stop(signal: string): void {
    this.#inbox.push({ kind: 'stop', signal });
  }

  /** Resolves once it has fully stopped. Rejects where something failed that it cannot go on without. */
  async run(): Promise<void> {
    const { emit, ledger, config, paths, notify } = this.#parts;
    const recovered = await this.#recover();
    await this.#reporter.makeDue();
    this.#watch();
    const ticks = setInterval(() => this.#askToLook(), config.scanIntervalMs);
    try {
      await this.#look();
      notify('READY=1');
      emit({
        kind: 'supervisor.ready',
        pid: process.pid,
        spool: paths.spool,
        waiting: ledger.counts().waiting,
        recovered,
        startMs: Math.round(performance.now() - this.#parts.startedMs),
      });
      await this.#fill(() => this.#slots.fillAll());
      await this.#loop();
    } finally {
      clearInterval(ticks);
      this.#drainTimers.forEach(clearInterval);
      if (this.#settleTimer) clearTimeout(this.#settleTimer);
      await this.#watcher?.[Symbol.asyncDispose]();
    }
    if (this.#failure) throw this.#failure.error;
    emit({ kind: 'supervisor.stopped', interrupted: this.#interrupted });
  }

  async #recover(): Promise<number> {
    const leftovers = this.#parts.ledger.leftovers();
    for (const leftover of leftovers) this.#report(await recover(leftover, this.#runParts));
    await this.#slots.allQuiet();
    return leftovers.length;
  }

  async #loop(): Promise<void> {
    for (;;) {
      for (const message of await this.#inbox.take()) await this.#act(message);
      if (this.#failure) return;
      if (this.#stopping && this.#slots.isIdle) return;
      this.#tellStatus();
    }
  }

  async #act(message: Message): Promise<void> {
    switch (message.kind) {
      case 'look':
        if (this.#stopping) return;
        if (this.#reporter.isDelayed) await this.#reporter.makeDue();
        await this.#look();
        await this.#fill(() => this.#slots.fillAll());
        return;
      case 'slot':
        await this.#fill(() => this.#slots.fill(message.jobKind));
        return;
      case 'stop':
        this.#onStop(message.signal);
        return;
      case 'drain-limit':
        this.#slots.interrupt();
        return;
      case 'idle':
        return;
    }
  }

  // The spool

  #watch(): void {
    const degraded = (message: string): void =>
      this.#degrade(message, 'notification of new files does not work: they are found by looking every few seconds');
    this.#watcher = new SpoolWatcher(this.#parts.paths.incoming, () => this.#askToLook(), degraded);
  }

  #askToLook(): void {
    if (this.#looking === 'asked') return;
    this.#looking = 'asked';
    this.#inbox.push({ kind: 'look' });
  }

  async #look(): Promise<void> {
    this.#looking = 'now';
    hasOrphans(); // Reaps those that have died since.
    try {
      if (this.#degraded !== null) restoreSpool(this.#parts.paths);
      const { more, settling } = await this.#intake.look();
      if (this.#degraded !== null) await this.#recoverSpool();
      if (more) this.#askToLook();
      if (settling) this.#settleTimer ??= setTimeout(() => this.#onSettled(), this.#parts.config.settleMs + 5);
    } catch (error) {
      if (errorCode(error) === null) throw error;
      this.#degrade(
        error instanceof Error ? error.message : String(error),
        'no job is taken until it is mended; nothing is lost',
      );
    }
  }

  #onSettled(): void {
    this.#settleTimer = null;
    this.#askToLook();
  }

  #degrade(message: string, hint: string): void {
    if (this.#degraded === message) return;
    this.#degraded = message;
    this.#parts.emit({ kind: 'spool.degraded', error: message, hint });
  }

  async #recoverSpool(): Promise<void> {
    this.#degraded = null;
    this.#parts.emit({ kind: 'spool.recovered' });
    // The directory may be another one now.
    await this.#watcher?.[Symbol.asyncDispose]();
    this.#watch();
  }

  // Slots

  async #fill(fill: () => Promise<void>): Promise<void> {
    if (this.#stopping) return;
    try {
      await fill();
    } catch (error) {
      if (errorCode(error) === null) throw error;
      this.#degrade(
        error instanceof Error ? error.message : String(error),
        'the ledger refuses: no job is started until it is mended; nothing is lost',
      );
    }
  }

  #onSettledRun(run: JobRun, settled: Settled): void {
    if (settled.kind === 'short') {
      const { id, spec } = run.claim.job;
      this.#parts.emit({ kind: 'machine.short', id, error: settled.error, retryMs: shortageRetryMs });
      setTimeout(() => this.#inbox.push({ kind: 'slot', jobKind: spec.kind }), shortageRetryMs);
      return;
    }
    if (settled.kind === 'waiting') this.#interrupted += 1;
    this.#report(settled);
  }

  #report(settled: Awaited<ReturnType<typeof recover>>): void {
    switch (settled.kind) {
      case 'ended':
        for (const record of settled.records) this.#slots.own(this.#reporter.report(record));
        return;
      case 'verifying':
        this.#inbox.push({ kind: 'slot', jobKind: 'verifier' });
        return;
      case 'waiting':
      case 'stale':
      case 'unkillable':
        return;
    }
  }

  // Stopping

  #onStop(signal: string): void {
    const { emit, config, notify } = this.#parts;
    const { running } = this.#slots;
    if (this.#stopping) {
      emit({ kind: 'supervisor.hurried', signal, running });
      this.#slots.kill();
      return;
    }
    this.#stopping = { since: performance.now() };
    notify('STOPPING=1');
    emit({ kind: 'supervisor.draining', signal, running, limitMs: config.drainLimitMs });
    const extend = (): void => notify(`EXTEND_TIMEOUT_USEC=${(extendEveryMs + 10_000) * 1000}`);
    extend();
    this.#drainTimers.push(setInterval(extend, extendEveryMs));
    this.#drainTimers.push(setTimeout(() => this.#inbox.push({ kind: 'drain-limit' }), config.drainLimitMs));
    this.#inbox.push({ kind: 'idle' });
  }

  /** Something failed that Booty cannot go on without. */
  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#inbox.push({ kind: 'idle' });
  }

  #tellStatus(): void {
    const { running } = this.#slots;
    const status = this.#stopping
      ? `Draining: ${running} running`
      : this.#degraded === null
        ? `${running} running`
        : `Spool trouble: ${this.#degraded}`;
    if (status === this.#status) return;
    this.#status = status;
    this.#parts.notify(`STATUS=${status}`);
  }
}
