import { execFileSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Root } from '../harness/root.ts';
import { type MadeBadFile, makeBadFile, makeDuplicate } from './bad-files.ts';
import type { Batch } from './batch.ts';
import { type JobFile, type MadeJob, makeJob, type Places } from './job-files.ts';
import type { Drop } from './plan.ts';
import { Random } from './random.ts';
import type { Witness } from './witness.ts';

/** How long a producer that writes in place stands still in the middle: longer than `spool.settle`. */
const pauseMs = 250;
const awaitedEndMs = 20_000;

/** Drops what was planned, and tells the batch before anybody else can see it. */
export class Dropping {
  /** Ids that were asked for, oldest first. */
  readonly #ids: string[] = [];
  readonly #root: Root;
  readonly #witness: Witness;
  readonly #seed: number;
  /** What takes longer than the round in which it began. */
  readonly #busy = new Set<Promise<void>>();
  /** What could not be dropped. */
  readonly failures: string[] = [];
  jobs = 0;
  badFiles = 0;

  constructor(root: Root, witness: Witness, seed: number) {
    this.#root = root;
    this.#witness = witness;
    this.#seed = seed;
  }

  async drop(drop: Drop, batch: Batch, round: number, slot: number): Promise<void> {
    const random = new Random(this.#seed, 3, round, slot);
    const places: Places = { marks: batch.marks.path, supervisor: this.#root.in('supervisor.pid') };
    switch (drop.kind) {
      case 'job':
        return this.#dropJob(makeJob({ kind: drop.jobKind, key: drop.key }, random, places), drop.how, batch);
      case 'twins':
        return this.#dropTwins(drop.jobKind, drop.key, random, places, batch);
      case 'bad':
        return this.#dropBad(makeBadFile(drop.badKind, drop.key, places), batch);
      case 'again': {
        const id = this.#ids.at(-drop.jobsAgo);
        if (id !== undefined) this.#own(this.#dropAgain(id, makeDuplicate(id, drop.key, places), batch), batch);
        return;
      }
    }
  }

  /** Resolves once nothing is being dropped any more. */
  async quiet(): Promise<void> {
    while (this.#busy.size > 0) await Promise.all(this.#busy);
  }

  async #dropJob({ file, job }: MadeJob, how: 'rename' | 'in-place' | 'submit', batch: Batch): Promise<void> {
    this.#count(job.id);
    batch.jobs.set(job.key, job);
    // A script is what its file is called and may do.
    if (how === 'rename' || file.executable) await this.#rename(file);
    else this.#own(how === 'in-place' ? this.#writeInPlace(file) : this.#submit(file), batch);
  }

  async #dropTwins(kind: string, key: string, random: Random, places: Places, batch: Batch): Promise<void> {
    const other = `${key}b`;
    const [first, second] = [key, other].map((name) => makeJob({ kind, key: name, id: key }, random, places));
    if (!first || !second) return;
    this.#count(key);
    batch.jobs.set(key, { ...first.job, twinFile: second.file.name });
    batch.jobs.set(other, { ...second.job, twinFile: first.file.name });
    await Promise.all([this.#rename(first.file), this.#rename(second.file)]);
  }

  async #dropBad(made: MadeBadFile, batch: Batch): Promise<void> {
    this.badFiles += 1;
    batch.badFiles.push(made.badFile);
    const path = this.#root.in('spool/incoming', made.badFile.file);
    switch (made.kind) {
      case 'file':
        return this.#rename(made.file);
      case 'link':
        symlinkSync('/etc/passwd', path);
        return;
      case 'fifo':
        execFileSync('mkfifo', [path]);
    }
  }

  async #dropAgain(id: string, made: MadeBadFile, batch: Batch): Promise<void> {
    const deadline = performance.now() + awaitedEndMs;
    while (!this.#witness.sightings.has(id) && !this.#witness.retired.has(id)) {
      if (performance.now() > deadline) return;
      await sleep(50);
    }
    await this.#dropBad(made, batch);
  }

  #rename(file: JobFile): Promise<void> {
    return this.#root.drop(file.name, file.content, file.executable ? 0o755 : 0o644);
  }

  /** As a shell's redirection does: the file is there before its content is. */
  async #writeInPlace({ name, content }: JobFile): Promise<void> {
    const path = this.#root.in('spool/incoming', name);
    await using file = await open(path, 'wx', 0o644);
    const bytes = Buffer.from(content);
    const middle = Math.floor(bytes.length / 2);
    await file.write(bytes, 0, middle);
    await sleep(pauseMs);
    await file.write(bytes, middle);
  }

  async #submit({ name, content }: JobFile): Promise<void> {
    await this.#root.write(`submitted/${name}`, content);
    const { status, stderr } = await this.#root.booty('submit', this.#root.in('submitted', name));
    await rm(this.#root.in('submitted', name));
    if (status !== 0) this.failures.push(`booty submit ${name}: ${stderr}`);
  }

  #count(id: string | null): void {
    this.jobs += 1;
    if (id === null) return;
    this.#ids.push(id);
    if (this.#ids.length > 100) this.#ids.shift();
  }

  #own(work: Promise<void>, batch: Batch): void {
    batch.pending += 1;
    const owned = work
      .catch((error: unknown) => this.failures.push(String(error)))
      .then(() => {
        batch.pending -= 1;
        this.#busy.delete(owned);
      });
    this.#busy.add(owned);
  }
}
