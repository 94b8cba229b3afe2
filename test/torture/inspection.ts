import type { Root } from '../harness/root.ts';
import { Batch } from './batch.ts';
import { checkBatch } from './check-batch.ts';
import { checkLife } from './check-end.ts';
import type { BatchEvidence, Hit, LifeRecord, Mark, OutcomeSeen } from './evidence.ts';
import type { Flaw } from './flaw.ts';
import type { Life } from './life.ts';
import type { Post } from './post.ts';
import { Tally } from './tally.ts';
import type { Witness } from './witness.ts';

const roundsOfBatch = 10;
/** An outcome must stay what it is over so many kills before its batch is cleared away. */
const killsToSurvive = 15;

/** Keeps the evidence for as long as it is needed, and has it checked. */
export class Inspection {
  readonly tally = new Tally();
  readonly flaws: Flaw[] = [];
  hits: Hit[] = [];
  readonly #root: Root;
  readonly #post: Post;
  readonly #concurrency: BatchEvidence['concurrency'];
  readonly #batches = new Map<number, Batch>();
  readonly #lives: LifeRecord[] = [];
  #unchecked: Life[] = [];
  readonly #killsByJobs: Mark[] = [];

  constructor(root: Root, post: Post, concurrency: BatchEvidence['concurrency']) {
    this.#root = root;
    this.#post = post;
    this.#concurrency = concurrency;
  }

  /** The batch of a round; those before it get nothing more. */
  batchOf(round: number): Batch {
    const number = Math.floor(round / roundsOfBatch);
    const batch = this.#batches.get(number) ?? new Batch(number, this.#root);
    for (const [other, before] of this.#batches) if (other < number) before.closed = true;
    this.#batches.set(number, batch);
    return batch;
  }

  /** What all batches, or those before this one, still wait for. */
  missing(witness: Witness, before = Number.POSITIVE_INFINITY): string[] {
    return this.batches
      .filter(({ number }) => number < before)
      .flatMap((batch) => [...batch.missing(witness, this.#post), ...(batch.pending > 0 ? ['files under way'] : [])]);
  }

  get batches(): readonly Batch[] {
    return [...this.#batches.values()];
  }

  waiting(witness: Witness): string[] {
    return this.batches.flatMap((batch) => batch.waiting(witness));
  }

  addLife(life: Life): void {
    this.#lives.push(life.record);
    this.#unchecked.push(life);
  }

  get livesSoFar(): number {
    return this.#lives.length;
  }

  find(...flaws: readonly Flaw[]): void {
    this.flaws.push(...flaws);
  }

  /** Answers how many marks there are when an outcome of a batch is seen. */
  marksAt(record: OutcomeSeen): number {
    const batch = this.batches.find((one) => one.has(record));
    batch?.marks.follow();
    return batch?.marks.lines.length ?? 0;
  }

  checkLives(): void {
    for (const { marks } of this.#batches.values()) marks.follow();
    const kills = [...this.#killsByJobs, ...this.batches.flatMap(killsIn)];
    for (const life of this.#unchecked.filter(({ isOver }) => isOver)) {
      this.find(...checkLife(life.record, kills));
      this.tally.countLife(life.record);
    }
    this.#unchecked = this.#unchecked.filter(({ isOver }) => !isOver);
  }

  /** Checks each batch when all that was dropped has its end, and again before it is cleared away. */
  checkBatches(witness: Witness, isEnd = false): void {
    for (const batch of this.#batches.values()) {
      const { kills } = this.tally;
      const settles = batch.settledAtKill === null && batch.isSettled(witness, this.#post);
      if (settles) batch.settledAtKill = kills;
      const isDue = isEnd || (batch.settledAtKill !== null && kills >= batch.settledAtKill + killsToSurvive);
      if (!settles && !isDue) continue;
      const rest = { hits: this.hits, lives: this.#lives, concurrency: this.#concurrency };
      const evidence = batch.evidence(witness, this.#post, rest);
      this.find(...checkBatch(evidence));
      if (isDue && this.flaws.length === 0) this.#clear(batch, evidence, witness);
    }
  }

  #clear(batch: Batch, evidence: BatchEvidence, witness: Witness): void {
    this.tally.countBatch(evidence);
    this.#killsByJobs.push(...killsIn(batch));
    const { files, reasons } = batch.clear(witness, this.#post);
    for (const file of files) this.find({ kind: 'file-left', subject: file, text: 'is there after its job has ended' });
    this.tally.countReasons(reasons);
    this.hits = this.hits.filter(({ jobId }) => !witness.retired.has(jobId));
    this.#batches.delete(batch.number);
  }
}

/** When jobs killed their supervisor, as they wrote before they did. */
const killsIn = ({ marks }: Batch): Mark[] => marks.lines.filter(({ what }) => what === 'kill');
