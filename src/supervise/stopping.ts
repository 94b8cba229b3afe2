import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/config.ts';
import { Drain } from './drain.ts';
import { Keeper } from './keeper.ts';
import type { SupervisorParts } from './parts.ts';
import type { Aside } from './restart.ts';
import type { Slots } from './slots.ts';

/** How long those that are being started may take to run, and ends to be recorded. */
const quietMs = 5000;

/** A supervisor that has gone, and whose attempts run on. */
export interface Left {
  readonly keeper: Keeper;
  /** Has the next supervisor started: to be called once nothing but the attempts is ours any more. */
  readonly leave: () => void;
}

interface StoppingParts extends Pick<SupervisorParts, 'emit' | 'notify' | 'restart'> {
  readonly slots: Slots;
  readonly config: () => Config;
  readonly onBegin: () => void;
  readonly onLimit: () => void;
  readonly onLeave: () => void;
  /** The service manager has answered. */
  readonly onRestart: () => void;
  readonly onChange: () => void;
}

/**
 * How the supervisor ends.
 *
 *   signal ──▶ is it a restart, under which what runs can go on? ──no──▶ drain: wait, up to the limit ──▶ interrupt it ──▶ stopped
 *     └─ another: drain, and hurry      └─yes──▶ what has ended is recorded ──▶ stopped, and the keeper of what runs
 */
export class Stopping implements Disposable {
  readonly #parts: StoppingParts;
  #signal: string | null = null;
  #drain: Drain | null = null;
  #isLeaving = false;
  left: Left | null = null;

  constructor(parts: StoppingParts) {
    this.#parts = parts;
  }

  /** Nothing is begun any more. */
  get isOn(): boolean {
    return this.#signal !== null;
  }

  get isDrain(): boolean {
    return this.#drain !== null;
  }

  get isDone(): boolean {
    return this.#isLeaving || (this.#drain !== null && this.#parts.slots.isIdle);
  }

  begin(signal: string): void {
    const { slots, restart, onBegin, emit } = this.#parts;
    if (this.#drain) {
      emit({ kind: 'supervisor.hurried', signal, running: slots.running });
      this.#drain.hurry();
      slots.kill();
      return;
    }
    const isFirst = this.#signal === null;
    this.#signal = signal;
    onBegin();
    if (restart && isFirst && slots.running > 0) slots.own(this.#ask());
    else this.#beginDrain();
  }

  async #ask(): Promise<void> {
    const asked = await this.#parts.restart?.asked();
    if (this.#drain) return; // Somebody does not want to wait.
    switch (asked?.kind) {
      case 'restart':
        this.#parts.onRestart();
        return;
      case 'refused':
        this.#parts.emit({ kind: 'keeping.refused', why: asked.why });
        this.#beginDrain();
        return;
      case 'stop':
      case undefined:
        this.#beginDrain();
        return;
    }
  }

  /** Leaves what runs to its keepers: those of earlier supervisors, and to us as another one. Drains where that cannot be. */
  async handOver(): Promise<void> {
    const { slots, restart, emit } = this.#parts;
    if (this.#drain || !restart) return;
    if (slots.begunHere.length > 0) {
      const objection = await this.#objection();
      const aside = objection === null ? await restart.standAside() : { refused: objection };
      if ('refused' in aside) {
        emit({ kind: 'keeping.refused', why: aside.refused });
        this.#beginDrain();
        return;
      }
      this.#keep(aside, restart.marks);
    } else slots.leaveTo(() => undefined);
    this.#isLeaving = true;
    const quiet = slots.allQuiet().then(() => true);
    if (!(await Promise.race([quiet, sleep(quietMs, false, { ref: false })]))) {
      this.#parts.onLeave();
      if (!(await Promise.race([quiet, sleep(quietMs, false, { ref: false })])))
        throw new Error('what has ended could not be settled before the next supervisor');
    }
  }

  #keep(aside: Aside, marks: string): void {
    const { slots, emit } = this.#parts;
    const runs = slots.begunHere;
    const keeper = new Keeper(aside.file, marks, runs);
    slots.leaveTo((run, result) => keeper.take(run, result));
    this.left = { keeper, leave: () => aside.leave() };
    emit({ kind: 'supervisor.kept', pid: process.pid, attempts: runs.length });
  }

  /** Why what runs cannot go on without us; null where it can. */
  async #objection(): Promise<string | null> {
    const runs = this.#parts.slots.begunHere;
    const isolated = runs.find(({ claim }) => claim.job.spec.isolation !== null);
    if (isolated) return `job ${isolated.claim.job.id} runs as a unit, which ends with this service`;
    const begun = Promise.all(runs.map((run) => run.begun)).then(() => null);
    return Promise.race([begun, sleep(quietMs, 'a job could not be started yet', { ref: false })]);
  }

  #beginDrain(): void {
    const { config, notify, slots, emit, onLimit, onLeave, onChange } = this.#parts;
    const { drainLimitMs: limitMs } = config();
    emit({ kind: 'supervisor.draining', signal: this.#signal ?? '', running: slots.running, limitMs });
    this.#drain = new Drain({ config: config(), notify, running: () => slots.running, onLimit, onLeave });
    onChange();
  }

  [Symbol.dispose](): void {
    this.#drain?.[Symbol.dispose]();
  }
}
