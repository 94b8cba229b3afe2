import { setTimeout as sleep } from 'node:timers/promises';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { patience } from '../harness/waiting.ts';
import { Bell } from './bell.ts';
import { isKill, strike } from './blows.ts';
import { checkEnd } from './check-end.ts';
import { Dropping } from './dropping.ts';
import { halfWrittenFiles, lookAtTheEnd } from './ending.ts';
import { Inspection } from './inspection.ts';
import { Life, type LifeSurroundings } from './life.ts';
import { atMoment } from './moment.ts';
import { type Blow, planRound } from './plan.ts';
import { Post } from './post.ts';
import { Witness } from './witness.ts';

const concurrency = { pipeline: 8, verifier: 4 };
const config = `concurrency: { pipeline: ${concurrency.pipeline}, verifier: ${concurrency.verifier} }
spool: { scanInterval: 300ms, settle: 100ms }
defaults: { killGrace: 200ms, timeout: 20s }
drain: { limit: 300ms }
crash: { burst: 100000, maxPerHour: 1000000 }
`;

/** More jobs than these are not under way at a time. */
const mostWaiting = 40;
/** How long nothing at all may end while somebody waits for it in peace. */
const standstillMs = 30_000 * patience;

export interface TortureOptions {
  readonly seed: number;
  readonly kills: number;
  /** After each round. */
  readonly onRound?: (torture: Torture) => void;
}

/**
 * Runs jobs under supervisors that die in every way, round after round, until so many kills were done or a flaw was found.
 * What is decided depends on the seed alone; what comes of it, on the time that everything takes.
 */
export class Torture implements AsyncDisposable {
  readonly root: Root;
  readonly inspection: Inspection;
  readonly #options: TortureOptions;
  readonly #post: Post;
  readonly #bell = new Bell();
  readonly #witness: Witness;
  readonly #dropping: Dropping;
  readonly #surroundings: LifeSurroundings;
  #life: Life | null = null;

  private constructor(root: Root, post: Post, options: TortureOptions) {
    this.root = root;
    this.inspection = new Inspection(root, post, concurrency);
    this.#post = post;
    this.#options = options;
    this.#witness = new Witness(root, post, this.#bell, (record) => this.inspection.marksAt(record));
    this.#dropping = new Dropping(root, this.#witness, options.seed);
    const isSafe = (eventId: string): boolean => this.#witness.isSafe(eventId);
    this.#surroundings = { root, bell: this.#bell, env: compileCache(root), isSafe };
  }

  static async prepare(options: TortureOptions): Promise<Torture> {
    const post = await Post.open();
    const root = await Root.make({ dsn: post.dsn, config, prefix: 'booty-torture-' });
    // Makes the directories, and leaves compiled code behind for the many starts to come.
    await (await SupervisorProcess.start(root, { env: compileCache(root) })).stop();
    return new Torture(root, post, options);
  }

  async run(): Promise<void> {
    const { kills, onRound } = this.#options;
    const { tally, flaws } = this.inspection;
    for (let round = 0; tally.kills < kills && flaws.length === 0; round += 1) {
      await this.#round(round);
      this.#inspect();
      await this.#breathe(() => this.inspection.waiting(this.#witness), mostWaiting);
      onRound?.(this);
    }
    await this.#finish();
    tally.note({ jobs: this.#dropping.jobs, badFiles: this.#dropping.badFiles, deliveries: this.#post.count });
  }

  get waiting(): number {
    return this.inspection.waiting(this.#witness).length;
  }

  /** What runs is ended; the directory stays where somebody has to look at it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#life?.kill();
    await this.#life?.ended;
    await this.#dropping.quiet();
    this.#witness[Symbol.dispose]();
    await this.#post[Symbol.asyncDispose]();
  }

  async #round(number: number): Promise<void> {
    const plan = planRound(this.#options.seed, number);
    const batch = this.inspection.batchOf(number);
    await this.#letOldOnesEnd(batch.number - 1);
    await this.#post.behave(plan.weather);
    const drop = async (from: number, to: number): Promise<void> => {
      for (const [index, drop] of plan.drops.slice(from, to).entries())
        await this.#dropping.drop(drop, batch, number, from + index);
    };
    const early = this.#life === null || this.#life.isOver ? plan.early : 0;
    await drop(0, early);
    const life = this.#liveOn();
    const present = { bell: this.#bell, life, tally: this.inspection.tally };
    const struck = atMoment(plan.trigger, present, () => this.#strike(plan.blow, life));
    await drop(early, plan.drops.length);
    await struck;
    await sleep(plan.restMs);
  }

  #liveOn(): Life {
    if (!this.#life || this.#life.isOver) this.#life = this.#launch(false);
    return this.#life;
  }

  #launch(rival: boolean): Life {
    const life = new Life(this.inspection.livesSoFar + 1, this.#surroundings, rival);
    this.inspection.addLife(life);
    return life;
  }

  async #strike(blow: Blow, life: Life): Promise<void> {
    const { tally, hits } = this.inspection;
    const launchRival = (): Life => this.#launch(true);
    const done = await strike(blow, { root: this.root.path, life, bell: this.#bell, hits, launchRival });
    if (done !== null) tally.count(done, isKill(done));
  }

  /** What was dropped two batches ago must have its end before more is dropped: nobody is passed over for ever. */
  async #letOldOnesEnd(before: number): Promise<void> {
    const missing = (): string[] => this.inspection.missing(this.#witness, before);
    if (missing().length === 0) return;
    await this.#post.behave({ kind: 'accept' });
    await this.#breathe(missing, 0);
  }

  /** Leaves everybody in peace until not more than so many are left. */
  async #breathe(left: () => readonly string[], most: number): Promise<void> {
    let last = performance.now();
    let best = Number.POSITIVE_INFINITY;
    while (this.inspection.flaws.length === 0) {
      const names = left();
      if (names.length <= most) return;
      if (names.length < best) [best, last] = [names.length, performance.now()];
      if (performance.now() - last > standstillMs) {
        const text = `${names.join(' ')}: none of them ended within ${standstillMs} ms`;
        this.inspection.find({ kind: 'lost', subject: `${names.length} jobs, files or events`, text });
      }
      this.#liveOn();
      await sleep(20);
    }
  }

  #inspect(): void {
    this.inspection.checkLives();
    this.inspection.checkBatches(this.#witness);
    for (const text of this.#dropping.failures) this.inspection.find({ kind: 'lost', subject: 'a file', text });
  }

  async #finish(): Promise<void> {
    const { inspection } = this;
    await this.#dropping.quiet();
    await this.#letOldOnesEnd(Number.POSITIVE_INFINITY);
    await this.#breathe(() => halfWrittenFiles(this.root), 0);
    if (inspection.flaws.length > 0) return;
    const last = this.#liveOn();
    last.term();
    await last.awaitEnd('TERM');
    const seen = await lookAtTheEnd(this.root, this.#witness, this.#post, inspection.batches);
    this.#inspect();
    inspection.checkBatches(this.#witness, true);
    inspection.find(...checkEnd(seen));
  }
}

const compileCache = (root: Root): Record<string, string> => ({ NODE_COMPILE_CACHE: root.in('compiled') });
