import type { Config } from '../config/config.ts';
import { errorCode } from '../disk/durable.ts';
import { BootyError } from '../job/error.ts';
import { instant } from '../job/units.ts';
import { LedgerRefusal } from '../ledger/refusal.ts';
import { hasOrphans } from '../run/orphans.ts';
import type { Answer, Command } from '../schedule/control.ts';
import { Inbox } from './inbox.ts';
import { Intake } from './intake.ts';
import type { JobRun, Settled } from './job-run.ts';
import { Leftovers } from './leftovers.ts';
import { Mending, unlessRefused } from './mending.ts';
import type { Message } from './message.ts';
import { recoveryPartsOf, type SupervisorParts } from './parts.ts';
import { workPatiently } from './patience.ts';
import type { Recovered, RecoveryParts } from './recover.ts';
import { isStopping, type Reloaded, reload } from './reload.ts';
import { Reporter } from './reporter.ts';
import { Retention } from './retention.ts';
import { Slots } from './slots.ts';
import { SpoolEye } from './spool-eye.ts';
import { readyEvent, Starting } from './starting.ts';
import { StatusLine } from './status-line.ts';
import { type Left, Stopping } from './stopping.ts';
import { Ticks } from './ticks.ts';
import { tidyEnded } from './tidying.ts';
import { Timetable } from './timetable.ts';
import { controlEvent } from './told-control.ts';
import { Watchdog } from './watchdog.ts';

/**
 * The one loop.
 *
 *   start: recover ──▶ owed reports ──▶ first look ──▶ ready
 *   then:  look at the spool, fill the free slots from the ledger, settle what has ended
 *   stop:  take nothing new ──▶ wait for what runs, up to the drain limit ──▶ interrupt it ──▶ stopped
 */
export class Supervisor {
  readonly #parts: SupervisorParts;
  readonly #runParts: RecoveryParts;
  readonly #inbox = new Inbox<Message>();
  readonly #leaving = new AbortController();
  readonly #intake: Intake;
  readonly #eye: SpoolEye;
  readonly #reporter: Reporter;
  readonly #leftovers: Leftovers;
  readonly #mending: Mending;
  readonly #timetable: Timetable;
  readonly #retention: Retention;
  readonly #slots: Slots;
  readonly #status: StatusLine;
  #config: Config;
  #looking: 'now' | 'asked' | 'no' = 'no';
  #settleTimer: NodeJS.Timeout | null = null;
  readonly #stopping: Stopping;
  readonly #stopAsked = new AbortController();
  #interrupted = 0;
  #failure: { readonly error: unknown } | null = null;
  #isReady = false;

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
    this.#config = parts.config;
    const { ledger, paths, emit, config, troubles } = parts;
    const onStarted = (): void => {
      this.#slots.resume();
      troubles.ended('machine');
    };
    this.#runParts = recoveryPartsOf(parts, this.#leaving.signal, onStarted, () => this.#config);
    this.#intake = new Intake(paths, config, ledger, ledger.suspects, emit, parts.settings.redactor, parts.admission);
    this.#eye = new SpoolEye(paths, troubles, () => this.#askToLook());
    this.#reporter = new Reporter(parts, (record) => tidyEnded(parts, record));
    this.#leftovers = new Leftovers(this.#runParts, troubles, (recovered) => this.#report(recovered));
    this.#timetable = new Timetable(ledger, parts.telemetry, () => this.#askToLook());
    this.#mending = new Mending({ ...parts, reporter: this.#reporter, onRetry: () => this.#askToLook() });
    this.#retention = new Retention(paths, config.retention, ledger.retention, emit);
    this.#status = new StatusLine(parts);
    this.#slots = new Slots(config.concurrency, this.#runParts, {
      onFree: (jobKind) => this.#inbox.push({ kind: 'slot', jobKind }),
      onSettled: (run, settled) => this.#onSettledRun(run, settled),
      onOrphaned: ({ claim }) => this.#slots.own(this.#leftovers.lose(claim)),
      onFailure: (error) => this.#fail(error),
      onQuiet: () => {
        if (this.#stopping.isOn) this.#inbox.push({ kind: 'idle' });
      },
    });
    this.#stopping = new Stopping({
      ...parts,
      config: () => this.#config,
      slots: this.#slots,
      onBegin: () => this.#retention.stop(),
      onRestart: () => this.#inbox.push({ kind: 'restart' }),
      onLimit: () => this.#inbox.push({ kind: 'drain-limit' }),
      onLeave: () => this.#leaving.abort(),
      onChange: () => this.#inbox.push({ kind: 'idle' }),
    });
  }

  get state(): 'starting' | 'running' | 'stopping' {
    if (this.#stopping.isOn || this.#stopAsked.signal.aborted) return 'stopping';
    return this.#isReady ? 'running' : 'starting';
  }

  /** Asks to stop; asked again, it cuts every grace short. */
  stop(signal: string): void {
    this.#stopAsked.abort();
    this.#inbox.push({ kind: 'stop', signal });
  }

  /** Does what somebody asks of jobs. Rejects with a LedgerRefusal where the disk refuses; nothing has changed then. */
  control(command: Command, by: string | null = null): Promise<Answer> {
    const answer = Promise.withResolvers<Answer>();
    this.#inbox.push({ kind: 'control', command, by, answer });
    return answer.promise;
  }

  /** Asks to read booty.yaml again; answers whether it was applied. */
  reload(): Promise<Reloaded> {
    const answer = Promise.withResolvers<Reloaded>();
    this.#inbox.push({ kind: 'reload', answer });
    return answer.promise;
  }

  /**
   * Resolves once it has fully stopped; but for the attempts that it has left to a keeper, where there are such. Rejects where
   * something failed that it cannot go on without.
   */
  async run(): Promise<Left | null> {
    const { emit } = this.#parts;
    using ticks = new Ticks(() => this.#askToLook());
    try {
      await this.#start();
      using _watchdog = new Watchdog(this.#parts, (onAlive) => this.#inbox.push({ kind: 'alive', onAlive }));
      ticks.every(this.#config.scanIntervalMs);
      await this.#loop(() => ticks.every(this.#config.scanIntervalMs));
    } catch (error) {
      // Told to stop while it waited for the disk.
      if (!(error instanceof LedgerRefusal && this.#stopAsked.signal.aborted)) throw error;
    } finally {
      this.#leaving.abort();
      this.#stopping[Symbol.dispose]();
      this.#mending[Symbol.dispose]();
      this.#timetable[Symbol.dispose]();
      this.#slots[Symbol.dispose]();
      clearTimeout(this.#settleTimer ?? undefined);
      await this.#eye[Symbol.asyncDispose]();
    }
    if (this.#failure) throw this.#failure.error;
    await unlessRefused(() => this.#intake.stop());
    emit({ kind: 'supervisor.stopped', interrupted: this.#interrupted });
    return this.#stopping.left;
  }

  async #start(): Promise<void> {
    const { emit, ledger, notify, troubles } = this.#parts;
    using _starting = new Starting(notify);
    const patience = { troubles, notify, stopAsked: this.#stopAsked.signal };
    const patiently = (work: () => Promise<void>): Promise<void> => workPatiently(work, patience);
    await patiently(() => ledger.setAging(this.#config.agingMs, instant(Date.now())));
    const { recovered, kept } = await this.#leftovers.recover(patiently);
    await this.#slots.allQuiet();
    await patiently(() => this.#reporter.makeDue());
    // Some of them may have ended: their reports are made one by one.
    for (const run of kept) this.#slots.adopt(run);
    await patiently(() => this.#intake.recover());
    await this.#look();
    this.#isReady = true;
    notify('READY=1');
    emit(readyEvent(this.#parts, recovered));
    await this.#fill(() => this.#slots.fillAll());
    this.#retention.sweepIfDue((work) => this.#slots.own(work));
  }

  async #loop(onReloaded: () => void): Promise<void> {
    for (;;) {
      for (const message of await this.#inbox.take()) {
        await this.#act(message);
        if (message.kind === 'reload') onReloaded();
      }
      if (this.#failure) return;
      if (this.#stopping.isDone) return;
      if (!this.#stopping.isOn) this.#status.tell(this.#slots.running); // It tells by itself, each second.
    }
  }

  async #act(message: Message): Promise<void> {
    switch (message.kind) {
      case 'look':
        await this.#look();
        if (this.#stopping.isOn) return;
        this.#retention.sweepIfDue((work) => this.#slots.own(work));
        await this.#fill(() => this.#slots.fillAll());
        return;
      case 'slot':
        await this.#fill(() => this.#slots.fill(message.jobKind));
        return;
      case 'room':
        await this.#attend();
        return;
      case 'control':
        await this.#control(message.command, message.by).then(message.answer.resolve, message.answer.reject);
        return;
      case 'stop':
        this.#stopping.begin(message.signal);
        return;
      case 'restart':
        await this.#stopping.handOver();
        return;
      case 'reload':
        message.answer.resolve(this.#onReload());
        return;
      case 'alive':
        message.onAlive();
        return;
      case 'drain-limit':
        this.#slots.interrupt();
        return;
      case 'idle':
        return;
    }
  }

  // The spool

  #askToLook(): void {
    if (this.#looking !== 'asked') this.#inbox.push({ kind: 'look' });
    this.#looking = 'asked';
  }

  async #look(): Promise<void> {
    this.#looking = 'now';
    clearTimeout(this.#settleTimer ?? undefined);
    this.#settleTimer = null;
    hasOrphans(); // Reaps those that have died since.
    if (this.#stopping.isOn) return;
    const retried = this.#leftovers.retry();
    if (retried) this.#slots.own(retried);
    if (!(await this.#mending.attend())) return this.#mending.tryAgain();
    try {
      await this.#eye.check();
      const { more, settling } = await this.#intake.look();
      if (!more) this.#eye.open();
      await this.#attendTimes();
      this.#parts.troubles.ended('spool');
      // Timers, ended children and signals come between two looks, however many files there are.
      if (more) setImmediate(() => this.#askToLook());
      if (settling) this.#settleTimer ??= setTimeout(() => this.#askToLook(), this.#config.settleMs + 5);
    } catch (error) {
      if (error instanceof BootyError || errorCode(error) === null) throw error;
      if (!(error instanceof LedgerRefusal)) this.#parts.troubles.began('spool', error);
    }
    this.#mending.tryAgain();
  }

  // What people ask, and what time and other jobs bring

  async #control(command: Command, by: string | null): Promise<Answer> {
    const answer = await this.#parts.ledger.control(command, instant(Date.now()));
    this.#parts.emit(controlEvent(command, by, answer));
    await this.#attend();
    return answer;
  }

  async #attend(): Promise<void> {
    await unlessRefused(() => this.#attendTimes());
    await this.#fill(() => this.#slots.fillAll());
  }

  /** Lets those run whose time has come, ends those that are not to run, and whoever runs and is not wanted any more. */
  async #attendTimes(): Promise<void> {
    const records = await this.#timetable.attend();
    // One that was to be tried again may have kept its working directory.
    for (const record of records) tidyEnded(this.#parts, record);
    if (records.length > 0) this.#report({ kind: 'ended', records, makesRoom: true, rerun: null });
    for (const { id, reason } of this.#parts.ledger.cancelling()) this.#slots.cancel(id, reason);
  }

  // Slots

  async #fill(fill: () => Promise<void>): Promise<void> {
    if (!this.#stopping.isOn && this.#mending.canStart()) await unlessRefused(fill);
  }

  #onSettledRun(run: JobRun, settled: Settled): void {
    switch (settled.kind) {
      case 'short':
        this.#parts.troubles.began(settled.of, settled.error);
        if (settled.of === 'machine') this.#slots.pause();
        else this.#mending.tryAgain();
        return;
      case 'waiting':
        if (settled.retryAt === null) this.#interrupted += 1;
        if (settled.retryAt !== null || settled.makesRoom) this.#inbox.push({ kind: 'room' });
        return;
      case 'abandoned':
        return;
      case 'ended':
        this.#retention.note(run.logBytes);
        this.#report(settled);
        return;
      case 'verifying':
      case 'stale':
        this.#report(settled);
        return;
    }
  }

  #report(settled: Recovered): void {
    switch (settled.kind) {
      case 'ended':
        if (settled.rerun) this.#parts.emit({ kind: 'pipeline.rerun', ...settled.rerun });
        for (const record of settled.records)
          this.#slots.own(this.#reporter.report(record).then(() => this.#mending.tryAgain()));
        if (settled.makesRoom) this.#inbox.push({ kind: 'room' });
        return;
      case 'verifying':
        this.#inbox.push({ kind: 'slot', jobKind: 'verifier' });
        return;
      case 'waiting':
        this.#askToLook();
        return;
      case 'stale':
      case 'unkillable':
        return;
    }
  }

  // Stopping and reloading

  #onReload(): Reloaded {
    if (this.#stopping.isOn) return isStopping;
    this.#askToLook();
    return reload(this.#parts, this.#config, (config) => {
      this.#config = config;
      this.#intake.setConfig(config);
      this.#slots.setConcurrency(config.concurrency);
      this.#slots.own(unlessRefused(() => this.#parts.ledger.setAging(config.agingMs, instant(Date.now()))));
      this.#retention.setLimits(config.retention);
      this.#parts.onConfig(config);
    });
  }

  /** Something failed that Booty cannot go on without. */
  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#inbox.push({ kind: 'idle' });
  }
}
