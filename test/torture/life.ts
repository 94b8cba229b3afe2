import { appendFileSync, writeFileSync } from 'node:fs';
import type { JournalLine } from '../harness/journal-line.ts';
import type { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { patience } from '../harness/waiting.ts';
import type { Bell } from './bell.ts';
import type { LifeRecord } from './evidence.ts';
import { upMs } from './processes.ts';

/** Far beyond every timer of the configuration: a machine that is busy with other things must not fail the run. */
const endLimitMs = 15_000 * patience;

/** What a sound supervisor on a sound machine has no reason to say. */
const complaints = new Set([
  'supervisor.failed',
  'supervisor.unchanged',
  'attempt.unkillable',
  'attempt.abandoned',
  'crash.uncaptured',
  'log.incomplete',
  'spool.left',
  'workdir.left',
  'outbox.buried',
  'retention.swept',
  'trouble.began',
]);
/** Troubles of the machine, which others use too. */
const shortages = new Set(['machine', 'watch']);

export interface LifeSurroundings {
  readonly root: Root;
  readonly bell: Bell;
  readonly env: Readonly<Record<string, string>>;
  readonly isSafe: (eventId: string) => boolean;
}

/** One supervisor, and what the torturer did to it. */
export class Life {
  readonly record: LifeRecord;
  readonly ended: Promise<void>;
  readonly #process: SupervisorProcess;
  readonly #diary: string;
  #isOver = false;
  #readyMs: number | null = null;

  /** @param rival whether another one runs on the same directories, so that this one must be refused */
  constructor(number: number, surroundings: LifeSurroundings, rival = false) {
    const { root, env } = surroundings;
    this.#diary = root.in('diary');
    this.record = {
      number,
      rival,
      launchedAtMs: Date.now(),
      launchedUpMs: upMs(),
      ready: false,
      stopped: false,
      endedAtMs: Number.POSITIVE_INFINITY,
      endedUpMs: Number.POSITIVE_INFINITY,
      status: null,
      signal: null,
      killed: false,
      terms: 0,
      stops: [],
      complaints: [],
      toldUncaptured: [],
      again: [],
      late: null,
    };
    this.#process = SupervisorProcess.launch(root, { env, onLine: (line) => this.#hear(line, surroundings) });
    if (!rival) writeFileSync(root.in('supervisor.pid'), `${this.#process.pid}\n`);
    this.#say(`pid ${this.#process.pid}${rival ? ', a rival' : ''}`);
    this.ended = this.#process.end.then(({ status, signal }) => this.#close(status, signal));
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** By `performance.now`; null before it is. */
  get readyMs(): number | null {
    return this.#readyMs;
  }

  get stderr(): string {
    return this.#process.stderr;
  }

  kill(): void {
    if (this.#isOver) return;
    this.record.killed = true;
    this.#signal('SIGKILL');
  }

  term(): void {
    this.record.terms += 1;
    this.#signal('SIGTERM');
  }

  reload(): void {
    this.#signal('SIGHUP');
  }

  stop(): void {
    this.record.stops.push([Date.now(), Number.POSITIVE_INFINITY]);
    this.#signal('SIGSTOP');
  }

  continue(): void {
    this.#signal('SIGCONT');
    const last = this.record.stops.at(-1);
    if (last) last[1] = Date.now();
  }

  /** Waits until it has ended by itself, and kills it where it does not. */
  async awaitEnd(why: string): Promise<void> {
    const limit = setTimeout(() => {
      this.record.late = `did not end within ${endLimitMs} ms after ${why}`;
      this.kill();
    }, endLimitMs);
    await this.ended;
    clearTimeout(limit);
  }

  #signal(signal: NodeJS.Signals): void {
    this.#process.signal(signal);
    this.#say(signal);
  }

  /** Everything that was said and done, in order, for whoever has to find out about a flaw. */
  #say(text: string): void {
    appendFileSync(this.#diary, `${new Date().toISOString()} ${this.record.number} ${text}\n`);
  }

  #hear(line: JournalLine, { bell, isSafe }: LifeSurroundings): void {
    this.#say(line.raw);
    if (line.kind === null) return;
    if (line.kind === 'supervisor.ready') {
      this.record.ready = true;
      this.#readyMs = line.atMs;
    }
    if (line.kind === 'supervisor.stopped') this.record.stopped = true;
    if (complaints.has(line.kind) && !shortages.has(line.fields.where ?? '')) this.record.complaints.push(line.text);
    if (line.kind === 'attempt.ended' && line.fields.again === 'true') this.#noteAgain(line);
    const eventId = line.kind === 'job.ended' ? line.fields.event_id : undefined;
    if (eventId !== undefined && !isSafe(eventId)) this.record.toldUncaptured.push(line.text);
    bell.ring(line.kind);
  }

  #noteAgain({ fields }: JournalLine): void {
    this.record.again.push({
      jobId: fields.id ?? '',
      attempt: Number(fields.attempt),
      fromAtMs: Date.now() + Number(fields.retry_ms ?? 0),
    });
  }

  #close(status: number | null, signal: string | null): void {
    this.#isOver = true;
    this.#say(`ended: ${status} ${signal} ${this.stderr}`);
    Object.assign(this.record, { status, signal, endedAtMs: Date.now(), endedUpMs: upMs() });
    if (this.stderr !== '' && !this.record.rival) this.record.complaints.push(this.stderr);
  }
}
