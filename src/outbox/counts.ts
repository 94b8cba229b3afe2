import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode, isDirectory, makeDirectory, syncDirectory, writeDurably } from '../disk/durable.ts';
import { AppendedFile } from './appended-file.ts';
import { withoutAttachments } from './envelope.ts';
import { othersGroup, summaryEnvelope } from './summary.ts';
import { type Counted, replayTally, summaryIdOf, type TallyEntry, type TallyState, tallyLine } from './tally.ts';

/** Where an event waits that tells of what was counted. Rejects where there is no room for it now. */
type StoreSummary = (eventId: string, envelope: Buffer<ArrayBuffer>, group: string) => Promise<void>;

/** Groups that are counted apart from each other at the same time; those beyond are counted together. */
const maxGroups = 200;

/**
 * Crashes that are counted and not sent one by one: `outbox/tally.log`, and of each group one sample in
 * `outbox/counted/GROUP.envelope`, from which the event is made that tells of them.
 */
export class Counts {
  readonly #directory: string;
  readonly #state: TallyState;
  readonly #file: AppendedFile;
  readonly #onState: (failure: unknown) => void;
  /** Samples that are not on the disk yet, or that it has refused. */
  readonly #samples = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly #sampling = new Map<string, Promise<void>>();
  #isBehind = false;

  /** @param onState told after each write: null where it is durable, else why the disk refused it */
  constructor(outbox: string, onState: (failure: unknown) => void) {
    const path = join(outbox, 'tally.log');
    const text = readIfThere(path)?.toString('utf8') ?? '';
    const state = replayTally(text);
    this.#state = state;
    this.#file = new AppendedFile(path, () => state.lines(), !text.endsWith('\n'));
    this.#directory = join(outbox, 'counted');
    this.#onState = onState;
  }

  /** What became of a crash, where it is not too long ago. */
  fateOf(eventId: string): 'sent' | 'counted' | null {
    return this.#state.fateOf(eventId);
  }

  /** Groups with something to tell. */
  get groups(): readonly string[] {
    return this.#state.groups;
  }

  get untold(): number {
    return this.#state.untold;
  }

  /** Whether the disk has refused something that is still to be written. */
  get isBehind(): boolean {
    return this.#isBehind || this.#samples.size > 0;
  }

  /**
   * Resolves once the count survives a power cut. The same crash again changes nothing. Rejects where the disk refuses;
   * it is then counted in memory, and written as soon as there is room.
   * @param sample makes the envelope of this crash, where its group has none yet
   */
  async count(counted: Counted, sample: () => Promise<Uint8Array<ArrayBuffer> | null>): Promise<void> {
    const { groups } = this.#state;
    const group = groups.includes(counted.group) || groups.length < maxGroups ? counted.group : othersGroup;
    const wasOpen = this.#state.openSum(group) !== null;
    const written = this.#append({ kind: 'count', ...counted, group });
    if (!wasOpen && this.#state.openSum(group)) {
      const sampling = this.#keepSample(group, sample).finally(() => this.#sampling.delete(group));
      this.#sampling.set(group, sampling);
    }
    await Promise.all([written, this.#sampling.get(group)]);
  }

  /** The event of this crash has arrived: captured again, it is not sent again. */
  async noteSent(eventId: string): Promise<void> {
    try {
      await this.#append({ kind: 'sent', eventId });
    } catch (error) {
      if (errorCode(error) === null) throw error; // It was told by then, and is written later.
    }
  }

  /** Has an event tell what was counted of a group. Rejects where there is no room for it: it is then told later. */
  async tell(
    group: string,
    store: StoreSummary,
  ): Promise<readonly { readonly eventId: string; readonly count: number }[]> {
    const open = this.#state.openSum(group);
    // What it tells, and its id, are durable before it is made: told again after a death it is the same event.
    await this.#append(open && { kind: 'close', group, summaryId: summaryIdOf(group, open) });
    const told: { eventId: string; count: number }[] = [];
    for (const { summaryId, sum } of this.#state.closedOf(group)) {
      if (this.fateOf(summaryId) !== 'sent')
        await store(summaryId, summaryEnvelope(this.#readSample(group), group, summaryId, sum), group);
      await this.#append({ kind: 'told', summaryId });
      told.push({ eventId: summaryId, count: sum.count });
    }
    if (!this.#state.groups.includes(group)) this.#removeSample(group);
    return told;
  }

  /** Removes samples of what was told; whoever told it died before. */
  tidy(): void {
    const { groups } = this.#state;
    for (const name of namesIn(this.#directory))
      if (!groups.includes(name.slice(0, 32))) rmSync(join(this.#directory, name));
  }

  /** Writes what the disk has refused. @throws the system's error */
  async keep(): Promise<void> {
    for (const [group, envelope] of this.#samples) await this.#writeSample(group, envelope);
    if (this.#isBehind) await this.#append(null);
  }

  /** Resolves once all that was counted until now, and the entry, are durable. */
  async #append(entry: TallyEntry | null): Promise<void> {
    const line = entry && this.#state.apply(entry) ? tallyLine(entry) : '';
    try {
      await this.#file.append(line);
      this.#isBehind = false;
      this.#onState(null);
    } catch (error) {
      this.#isBehind = true;
      this.#onState(error);
      throw error;
    }
  }

  async #keepSample(group: string, make: () => Promise<Uint8Array<ArrayBuffer> | null>): Promise<void> {
    const envelope = await make();
    if (!envelope) return;
    const small = withoutAttachments(Buffer.from(envelope));
    this.#samples.set(group, small);
    try {
      await this.#writeSample(group, small);
    } catch (error) {
      if (errorCode(error) === null) throw error;
      this.#onState(error);
    }
  }

  async #writeSample(group: string, envelope: Uint8Array<ArrayBuffer>): Promise<void> {
    if (!isDirectory(this.#directory)) {
      makeDirectory(this.#directory, 0o700);
      await syncDirectory(dirname(this.#directory));
    }
    await writeDurably(this.#pathOf(group), envelope, { mode: 0o600 });
    if (this.#samples.get(group) === envelope) this.#samples.delete(group);
  }

  #readSample(group: string): Buffer | null {
    const held = this.#samples.get(group);
    return held ? Buffer.from(held) : readIfThere(this.#pathOf(group));
  }

  #removeSample(group: string): void {
    this.#samples.delete(group);
    try {
      rmSync(this.#pathOf(group), { force: true });
    } catch (error) {
      if (errorCode(error) === null) throw error; // The next one of this group takes its place.
    }
  }

  #pathOf(group: string): string {
    return join(this.#directory, `${group}.envelope`);
  }
}

const namesIn = (directory: string): string[] => ifThere(() => readdirSync(directory)) ?? [];
const readIfThere = (path: string): Buffer | null => ifThere(() => readFileSync(path));

function ifThere<Result>(look: () => Result): Result | null {
  try {
    return look();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}
