import { setImmediate as turn } from 'node:timers/promises';
import type { Config } from '../config/config.ts';
import type { Paths } from '../config/paths.ts';
import { errorCode, removeFile, syncDirectory } from '../disk/durable.ts';
import { type DropToken, type JobId, jobIdOfDrop } from '../job/id.ts';
import type { Drop, JobSpec } from '../job/job.ts';
import type { Refusal } from '../job/refusal.ts';
import { instant } from '../job/units.ts';
import type { Emit } from '../journal/event.ts';
import type { Suspects } from '../ledger/suspects.ts';
import type { Redactor } from '../redact/redactor.ts';
import type { Acceptable, Acceptance, JobQueue } from '../schedule/queue.ts';
import {
  type Claimed,
  claimedBefore,
  claimFile,
  isBeingWritten,
  maxFileNameBytes,
  readClaimed,
} from '../spool/claim.ts';
import { refuseFile } from '../spool/refuse.ts';
import { type Decision, decide, type Seen, scan } from '../spool/scan.ts';
import type { Admission } from './admission.ts';

export interface Looked {
  /** There is more to take at once. */
  readonly more: boolean;
  /** A file is still being written: look again after so long. */
  readonly settling: boolean;
  readonly accepted: number;
}

/**
 * So many files are read and handed to the ledger in one go: timers, ended children and signals come before the next, and
 * what was read of them is no longer held.
 */
const decidedAtOnce = 25;
/** From so many deaths on, each file is read by itself. */
const carefulAfterDeaths = 3;
/** The most files that may lie in `.claimed`, taken and neither accepted nor refused. */
const maxUndecided = 1000;

interface Readable {
  readonly claimed: Claimed;
  readonly acceptable: Acceptable;
}

/**
 * Takes dropped files into the ledger: incoming → claimed → accepted or refused. Every step may be the last one before
 * a crash; the next look finds the file where it was left.
 */
export class Intake {
  readonly #paths: Paths;
  readonly #queue: JobQueue;
  readonly #suspects: Suspects;
  readonly #emit: Emit;
  readonly #redactor: Redactor;
  readonly #admission: Admission;
  #config: Pick<Config, 'defaults' | 'settleMs' | 'policy' | 'unenforcedLimits'>;
  /** Files under which supervisors have died before: read one at a time. */
  #careful: ReadonlySet<DropToken> = new Set();
  #earlier = new Map<string, { readonly seen: Seen; readonly atMs: number }>();
  #left = new Set<string>();
  #takenAtMs = 0;
  /** Files that could not be put aside, so that each is told once. */
  readonly #stuck = new Set<string>();

  constructor(
    paths: Paths,
    config: Config,
    queue: JobQueue,
    suspects: Suspects,
    emit: Emit,
    redactor: Redactor,
    admission: Admission,
  ) {
    this.#redactor = redactor;
    this.#admission = admission;
    this.#paths = paths;
    this.#config = config;
    this.#queue = queue;
    this.#suspects = suspects;
    this.#emit = emit;
  }

  setConfig(config: Config): void {
    this.#config = config;
  }

  /**
   * What the last supervisor had taken when it died may be what killed it. One file under which they die again and again
   * is found by reading such files one at a time, and put aside; the others go on.
   */
  async recover(): Promise<void> {
    const left = claimedBefore(this.#paths.claimed);
    if (left.length === 0) return;
    const { deaths, culprit } = await this.#suspects.count(left.map(({ token }) => token));
    const found = left.find(({ token }) => token === culprit);
    if (found) this.#refuse(found.path, found.fileName, poisonous(deaths.get(found.token) ?? 0));
    this.#careful = new Set([...deaths].filter(([, count]) => count >= carefulAfterDeaths).map(([token]) => token));
  }

  /** Whoever stops in order has not died of a file. */
  stop(): Promise<void> {
    return this.#suspects.clear();
  }

  /** Looks at the spool once. Rejects with the system's error where it, or the ledger, refuses; nothing is lost then. */
  async look(): Promise<Looked> {
    const before = claimedBefore(this.#paths.claimed);
    // While those cannot be decided about, no more are taken.
    const { more, settling } = before.length < maxUndecided ? this.#claim() : { more: false, settling: false };
    const claimed = claimedBefore(this.#paths.claimed);
    if (claimed.length === 0) return { more, settling, accepted: 0 };
    // A power cut must not bring a file back under its first name once the ledger has its job.
    await syncDirectory(this.#paths.claimed);
    let accepted = 0;
    for (const file of claimed.filter(({ token }) => this.#careful.has(token))) {
      await this.#suspects.reading(file.token);
      accepted += await this.#decideAbout([file]);
    }
    accepted += await this.#decideAbout(claimed.filter(({ token }) => !this.#careful.has(token)));
    if (this.#careful.size > 0) await this.#suspects.clear();
    this.#careful = new Set();
    return { more, settling, accepted };
  }

  /** Accepts or refuses what was taken. Answers how many jobs are new. */
  async #decideAbout(claimed: readonly Claimed[]): Promise<number> {
    const accepting: Promise<number>[] = [];
    try {
      for (let from = 0; from < claimed.length; from += decidedAtOnce) {
        if (from > 0) await turn();
        const readable: Readable[] = [];
        for (const file of claimed.slice(from, from + decidedAtOnce)) {
          const read = await this.#read(file);
          if (read) readable.push(read);
        }
        if (readable.length > 0) accepting.push(this.#accept(readable));
      }
    } finally {
      await Promise.allSettled(accepting);
    }
    return (await Promise.all(accepting)).reduce((sum, count) => sum + count, 0);
  }

  async #accept(readable: readonly Readable[]): Promise<number> {
    const answers = await this.#queue.accept(
      readable.map(({ acceptable }) => acceptable),
      instant(Date.now()),
    );
    readable.forEach(({ claimed: file, acceptable }, index) => this.#conclude(file, acceptable, answers[index]));
    return answers.filter((answer) => answer.kind === 'accepted').length;
  }

  #claim(): { readonly more: boolean; readonly settling: boolean } {
    const earlier = this.#earlier;
    const { seen, more, passedOver } = scan(this.#paths.incoming, earlier);
    const nowMs = performance.now();
    this.#earlier = new Map(passedOver);
    const left = new Set<string>();
    let taken = 0;
    for (const file of seen) {
      switch (this.#decide(file, earlier.get(file.name), nowMs)) {
        case 'take':
        case 'refuse-type':
          this.#take(file.name);
          taken += 1;
          break;
        case 'wait': {
          const before = earlier.get(file.name);
          const same = before && before.seen.size === file.size && before.seen.mtimeMs === file.mtimeMs;
          this.#earlier.set(file.name, same ? before : { seen: file, atMs: nowMs });
          break;
        }
        case 'leave':
          left.add(file.name);
          if (!this.#left.has(file.name))
            this.#emit({ kind: 'spool.left', file: file.name, reason: reasonToLeave(file) });
          break;
      }
    }
    this.#left = left;
    // Of those that were passed over some may be whole by now.
    return { more: more || (taken > 0 && passedOver.size > 0), settling: this.#earlier.size > 0 };
  }

  #decide(file: Seen, earlier: Parameters<typeof decide>[1], nowMs: number): Decision {
    const decision = decide(file, earlier, nowMs, this.#config.settleMs);
    // Standing still is not enough where its producer may yet go on.
    const wholeForSure = decision !== 'take' || file.ctimeMs > file.mtimeMs;
    return wholeForSure || !isBeingWritten(this.#paths.incoming, file.name) ? decision : 'wait';
  }

  #take(name: string): void {
    if (Buffer.byteLength(name) > maxFileNameBytes) {
      const refusal: Refusal = {
        code: 'FILE_NAME',
        message: `its name has more than ${maxFileNameBytes} bytes`,
        hint: 'give it a shorter name',
      };
      this.#refuse(`${this.#paths.incoming}/${name}`, name, refusal);
      return;
    }
    // Its token tells the order in which it came, also of files of one millisecond and where the clock is set back.
    this.#takenAtMs = Math.max(Date.now(), this.#takenAtMs + 1);
    claimFile(this.#paths.incoming, this.#paths.claimed, name, instant(this.#takenAtMs));
  }

  async #read(claimed: Claimed): Promise<Readable | null> {
    const { fileName, path } = claimed;
    const read = readClaimed(claimed);
    if ('refusal' in read) {
      this.#refuse(path, fileName, read.refusal);
      return null;
    }
    const { content } = read;
    const parsed = await this.#admission.examine(
      { fileName, content: content.bytes, executable: content.executable },
      content,
      this.#config,
    );
    if (!parsed.ok) {
      this.#refuse(path, fileName, parsed.refusal, parsed.also);
      return null;
    }
    const { id, spec } = parsed.value;
    const drop = { fileName, token: claimed.token, droppedAt: content.droppedAt, uid: content.uid };
    return { claimed, acceptable: { spec, id: id ?? this.#idOf(spec, drop), drop } };
  }

  /** The ledger makes an id of the name; one that has a secret in it must not become the name of a file. */
  #idOf({ name }: JobSpec, { token }: Drop): JobId | null {
    const clean = this.#redactor.text(name);
    return clean === name ? null : jobIdOfDrop(clean, token);
  }

  #conclude(claimed: Claimed, { drop }: Acceptable, answer: Acceptance | undefined): void {
    switch (answer?.kind) {
      case 'accepted': {
        const { job } = answer;
        removeFile(claimed.path);
        this.#emit({
          kind: 'job.accepted',
          id: job.id,
          name: job.spec.name,
          jobKind: job.spec.kind,
          file: drop.fileName,
          uid: drop.uid,
        });
        break;
      }
      case 'repeated':
        removeFile(claimed.path);
        break;
      case 'duplicate':
        this.#refuse(claimed.path, claimed.fileName, {
          code: 'DUPLICATE_ID',
          message: `a job with the id ${answer.id} exists already, and is left as it is`,
          hint: 'choose another id, or leave it out; booty show tells what became of the first',
          key: 'id',
        });
        break;
      case 'circular':
        this.#refuse(claimed.path, claimed.fileName, {
          code: 'NEEDS_CIRCLE',
          message: answer.message,
          hint: 'a job that waits for itself never runs: leave one of the needs out',
          key: 'needs',
        });
        break;
      case undefined:
        throw new Error('the ledger gave no answer for a drop');
    }
  }

  #refuse(path: string, fileName: string, refusal: Refusal, also: readonly Refusal[] = []): void {
    try {
      const reason = this.#redactor.deep({
        version: 1,
        file: fileName,
        refusedAt: new Date().toISOString(),
        ...refusal,
        ...(also.length > 0 ? { also } : {}),
      } as const);
      const name = refuseFile(path, this.#paths.rejected, reason, fileName);
      this.#stuck.delete(path);
      this.#emit({
        kind: 'job.refused',
        file: name,
        code: refusal.code,
        reason: refusal.message,
        line: refusal.line ?? null,
        hint: refusal.hint,
      });
    } catch (error) {
      const code = errorCode(error);
      if (code === null) throw error;
      // One file that cannot be put aside must not keep the others from being taken; it is tried again at the next look.
      if (code !== 'ENOENT' && !this.#stuck.has(path))
        this.#emit({ kind: 'spool.left', file: fileName, reason: `it cannot be put into rejected: ${code}` });
      this.#stuck.add(path);
    }
  }
}

const poisonous = (deaths: number): Refusal => ({
  code: 'POISONOUS',
  message: `${deaths} supervisors have ended while they read it`,
  hint: 'look for supervisor.failed in the journal; it was not run',
});

const reasonToLeave = (file: Seen): string =>
  file.type === 'directory'
    ? 'a directory is not a job; it stays where it is'
    : 'its name is not valid UTF-8: rename it';
