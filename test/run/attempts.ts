import { type DisposableTempDir, existsSync, mkdtempDisposableSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomText } from '../../src/job/id.ts';
import type { JobSpec } from '../../src/job/job.ts';
import { milliseconds } from '../../src/job/units.ts';
import { Redactor } from '../../src/redact/redactor.ts';
import { Attempt, type RanAttempt } from '../../src/run/attempt.ts';
import type { CgroupTree } from '../../src/run/cgroup-tree.ts';
import { EmptyDirectories } from '../../src/run/empty-directories.ts';
import { type AttemptInputs, machineEnvironment, noInputs, type VerifierFiles } from '../../src/run/environment.ts';
import { startTimeOf } from '../../src/run/processes.ts';
import type { Shortage } from '../../src/run/shortage.ts';
import { type JobPlace, logPath, makeWorkdir, placeOf } from '../../src/run/workdir.ts';
import type { Claim } from '../../src/schedule/queue.ts';
import { poll } from '../harness/waiting.ts';
import { specOf } from '../job/parsing.ts';
import { idOf, now } from '../schedule/jobs.ts';

export interface AttemptOptions {
  readonly graceMs?: number;
  readonly verifier?: VerifierFiles;
  /** Whether it is cancelled before it runs. */
  readonly cancelled?: boolean;
  /** Default: one that no other test has. */
  readonly id?: string;
  readonly inputs?: Partial<AttemptInputs>;
  /** The attempt of the same job that this one follows; it must have ended. */
  readonly after?: RunningAttempt;
  readonly cgroups?: CgroupTree | null;
  readonly refusesUnenforced?: boolean;
}

/** One attempt in a directory of its own. */
export class RunningAttempt implements Disposable {
  readonly attempt: Attempt;
  readonly place: JobPlace;
  readonly spec: JobSpec;
  /** Of the children of its steps, in order. */
  readonly pids: number[] = [];
  /** How it ended, or that the machine could not start it. */
  readonly ran: Promise<RanAttempt | Shortage>;
  readonly #directory: Pick<DisposableTempDir, 'path' | 'remove'>;
  readonly #claim: Claim;

  /** @param file the text of a job file */
  constructor(
    file: string,
    {
      graceMs = 5000,
      verifier,
      cancelled = false,
      id,
      inputs,
      after,
      cgroups,
      refusesUnenforced = false,
    }: AttemptOptions = {},
  ) {
    this.spec = specOf(file);
    const job = {
      id: after ? after.#claim.job.id : idOf(id ?? `run-${randomText(10)}`),
      spec: this.spec,
      pipelineId: null,
      droppedAt: now,
      acceptedAt: now,
      droppedBy: 0,
    };
    const claim: Claim = { job, attempt: after ? after.#claim.attempt + 1 : 1, token: 1, startedAt: now };
    this.#claim = claim;
    this.#directory = after
      ? { path: after.#directory.path, remove: () => undefined }
      : mkdtempDisposableSync(join(tmpdir(), 'booty-run-'));
    this.place = placeOf(this.#directory.path, job.id, null);
    const directories = new EmptyDirectories(this.#directory.path);
    makeWorkdir(this.place, directories);
    const settings = {
      machine: machineEnvironment(),
      killGraceMs: milliseconds(graceMs),
      modules: this.#directory.path,
      directories,
      redactor: new Redactor(),
      secrets: new Map<string, string>(),
      cgroups: cgroups ?? null,
      units: null,
      isolation: null,
      refusesUnenforced,
    };
    this.attempt = new Attempt(claim, this.place, settings, verifier ?? null, (pid) => this.pids.push(pid));
    if (cancelled) this.attempt.cancel();
    this.ran = this.attempt.run({ ...noInputs, ...inputs });
  }

  /** Rejects where the machine could not start it. */
  get result(): Promise<RanAttempt> {
    return this.ran.then((result) => {
      if (result.kind === 'short') throw new Error(`the machine is short: ${result.error}`);
      return result;
    });
  }

  /** A file in its working directory, once it is there and has a whole line. */
  file(name: string): Promise<string> {
    const path = join(this.place.workdir, name);
    return poll(`the file ${name}`, () => (existsSync(path) ? readFileSync(path, 'utf8').match(/^(.*)\n/)?.[1] : null));
  }

  has(name: string): boolean {
    return existsSync(join(this.place.workdir, name));
  }

  get log(): string {
    const path = logPath(this.place, this.#claim.attempt);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  [Symbol.dispose](): void {
    this.#directory.remove();
  }
}

/** Whether a process is there and no zombie. */
export const lives = (pid: string | number): boolean => startTimeOf(Number(pid)) !== null;

/** The exits of the steps that ran: `load code 3`. */
export const exitsOf = ({ steps }: RanAttempt): string[] =>
  steps.map(({ step, exit }) => {
    switch (exit.kind) {
      case 'code':
      case 'spawn':
        return `${step} ${exit.kind} ${exit.code}`;
      case 'signal':
        return `${step} ${exit.signal}`;
      case 'timeout':
        return `${step} timeout of the ${exit.of}`;
      case 'oom':
      case 'limit':
      case 'lost':
      case 'cancelled':
        return `${step} ${exit.kind}`;
    }
  });
