import { setTimeout as sleep } from 'node:timers/promises';
import type { Step } from '../job/job.ts';
import { decides, runsAfter, type StepRecord, stepRecords } from '../job/step.ts';
import { milliseconds } from '../job/units.ts';
import { totalUsage, type Usage, usageOfTree } from '../job/usage.ts';
import type { Claim } from '../schedule/queue.ts';
import { AttemptUnits } from './attempt-units.ts';
import { AttemptCgroup } from './cgroup.ts';
import { cgroupName } from './cgroup-tree.ts';
import { Deadline } from './deadline.ts';
import { type AttemptInputs, markOf, noInputs, type VerifierFiles } from './environment.ts';
import { readErrorFile } from './module-step.ts';
import { hasOrphans } from './orphans.ts';
import { AttemptOutput, type Printed } from './output.ts';
import { isWithoutLeader } from './processes.ts';
import { readShellNotes } from './shell-failures.ts';
import type { Shortage } from './shortage.ts';
import { type AttemptSettings, type Ending, outputPatienceMs, type StepRun, StepRunner } from './step-run.ts';
import { killSurvivors } from './survivors.ts';
import { type JobPlace, logPath } from './workdir.ts';

/** The step that decided that an attempt failed, and what it left before any other ran after it. */
export interface Decision {
  readonly run: StepRun;
  readonly printed: Printed;
  /** What its shells noted, and what its module handed over: the job may have forged either. */
  readonly shellNotes: readonly string[];
  readonly errorFile: string | null;
}

export interface AttemptResult {
  readonly kind: 'ended';
  /** Those that ran, in order; the last of them may not have been started any more. */
  readonly steps: readonly [StepRun, ...StepRun[]];
  /** Null where none failed that it could not go on without. */
  readonly decision: Decision | null;
  /** What became of each step of the job. */
  readonly records: readonly StepRecord[];
  readonly output: Pick<AttemptOutput, 'bytes' | 'failure'>;
  /** By the monotonic clock. */
  readonly durationMs: number;
  /** Of all its steps. */
  readonly usage: Usage | null;
  /** Processes that its steps left behind and that were killed; null where some could not be. */
  readonly survivors: number | null;
}

/** The same where it ran in this process. */
export interface RanAttempt extends AttemptResult {
  readonly output: AttemptOutput;
}

/** How long a step is put off where the machine is short, at first and at most. */
const shortPauseMs = { first: 1000, most: 30_000 } as const;

/**
 * Runs the steps of one claim in order. Once one has failed, only those run that are for that.
 *
 *   start ──▶ step 1 ──▶ step 2 ──▶ … ──▶ whoever is left is killed ──▶ result
 *               │ its time limit: TERM to its group ──grace──▶ KILL ──▶ it has failed
 *               │ the job's time limit, cancel: the same, and no other step runs
 */
export class Attempt {
  readonly #claim: Claim;
  readonly #place: JobPlace;
  readonly #settings: AttemptSettings;
  readonly #runner: StepRunner;
  /** Which one runs, from 0. */
  #step = 0;
  /** Why no other step runs. */
  #over: Ending | null = null;
  readonly #ended = Promise.withResolvers<void>();

  /** @param onStart told of each child once it runs, for the ledger */
  constructor(
    claim: Claim,
    place: JobPlace,
    settings: AttemptSettings,
    verifier: VerifierFiles | null,
    onStart: (pid: number) => void,
  ) {
    this.#claim = claim;
    this.#place = place;
    this.#settings = settings;
    this.#runner = new StepRunner(claim, place, settings, verifier, onStart);
  }

  /** Ends the attempt as cancelled: TERM, and KILL after the grace. */
  cancel(): void {
    this.#end({ kind: 'cancelled' });
  }

  /** Cuts the grace short. */
  kill(): void {
    this.cancel();
    this.#runner.kill();
  }

  /** Resolves with a shortage, and has then left nothing behind, where the machine could not start its first step. */
  async run(inputs: AttemptInputs = noInputs): Promise<RanAttempt | Shortage> {
    const started = performance.now();
    const { spec } = this.#claim.job;
    const output = new AttemptOutput(
      logPath(this.#place, this.#claim.attempt),
      spec.outputMaxBytes,
      this.#settings.redactor,
      this.#settings.listenTo?.(this.#claim) ?? null,
    );
    using _limit = new Deadline(spec.timeoutMs, () =>
      this.#end({ kind: 'timeout', limitMs: spec.timeoutMs, of: 'job' }),
    );
    const cgroup = await this.#makeCgroup();
    const ran = cgroup?.kind === 'short' ? cgroup : await this.#runSteps(inputs, output);
    if (ran.kind === 'short') {
      output[Symbol.dispose]();
      this.#runner.cgroup?.remove();
      return ran;
    }
    const { runs, decisive } = ran;
    const [first, ...rest] = runs;
    if (!first) throw new Error(`job ${this.#claim.job.id} has no steps`);
    const survivors = await this.#clear();
    output[Symbol.dispose]();
    const usage = this.#usageOf(runs);
    if (survivors !== null) this.#runner.cgroup?.remove();
    return {
      kind: 'ended',
      steps: [first, ...rest],
      // Where other steps ran after it, what it left was taken before.
      decision: ran.decision ?? (decisive && this.#decisionOf(decisive, output)),
      records: stepRecords(spec.steps, inputs.before, runs),
      output,
      durationMs: Math.round(performance.now() - started),
      usage,
      survivors,
    };
  }

  /** Looks again for what is left of it, and kills that: as {@link AttemptResult.survivors}. */
  async clearAgain(): Promise<number | null> {
    const killed = await this.#kill();
    if (killed !== null) this.#runner.cgroup?.remove();
    return killed;
  }

  /** For the ledger: the next supervisor looks there. */
  get cgroup(): string | null {
    const { cgroup, units } = this.#runner;
    return cgroup?.path ?? units?.cgroupOf(this.#step) ?? null;
  }

  async #makeCgroup(): Promise<AttemptCgroup | Shortage | null> {
    const { cgroups, units } = this.#settings;
    const { job, attempt } = this.#claim;
    if (job.spec.isolation !== null) {
      this.#runner.units = units && new AttemptUnits(units, job.id, attempt);
      return null;
    }
    if (!cgroups) return null;
    const made = await AttemptCgroup.make(cgroups, cgroupName(job.id, attempt), job.spec.limits);
    if (made.kind === 'cgroup') this.#runner.cgroup = made;
    return made;
  }

  #usageOf(runs: readonly StepRun[]): Usage | null {
    const usage = totalUsage(runs.map((run) => run.usage));
    const { cgroup } = this.#runner;
    return cgroup ? usageOfTree(usage, cgroup.usage) : usage;
  }

  #kill(): Promise<number | null> {
    const { openGroups, cgroup, units } = this.#runner;
    return killSurvivors({
      units,
      cgroups: cgroup ? [cgroup.path] : [],
      groups: openGroups.filter(isWithoutLeader),
      mark: markOf(this.#place, this.#claim.attempt),
    });
  }

  async #runSteps(inputs: AttemptInputs, output: AttemptOutput): Promise<Ran | Shortage> {
    const runs: StepRun[] = [];
    let decisive: StepRun | null = null;
    let decision: Decision | null = null;
    for (const [index, step] of this.#claim.job.spec.steps.entries()) {
      if (index < inputs.before.length || !runsAfter(step.when, decisive !== null)) continue;
      if (this.#over && decisive) break;
      if (decisive) decision ??= this.#decisionOf(decisive, output);
      output.beginStep(step.name);
      this.#step = index;
      const run = await this.#runStepPatiently(step, index, inputs, output, runs.length > 0);
      if (run.kind === 'short') return run;
      runs.push(run);
      if (!decisive && decides(run.exit, step.continueOnError)) decisive = run;
    }
    return { kind: 'ran', runs, decisive, decision };
  }

  #decisionOf(run: StepRun, output: AttemptOutput): Decision {
    const isModule = this.#claim.job.spec.steps[run.index]?.action.kind === 'module';
    // What lies there of one that could not be started is of a step before it.
    const hasRun = run.usage !== null;
    return {
      run,
      printed: output.printed(this.#runner.isDrained),
      shellNotes: hasRun ? readShellNotes(this.#place) : [],
      errorFile: hasRun && isModule ? readErrorFile(this.#place) : null,
    };
  }

  /** @param begun whether steps have run already: they must not run again, so that this one waits for the machine */
  async #runStepPatiently(
    step: Step,
    index: number,
    inputs: AttemptInputs,
    output: AttemptOutput,
    begun: boolean,
  ): Promise<StepRun | Shortage> {
    for (let pauseMs: number = shortPauseMs.first; ; pauseMs = Math.min(2 * pauseMs, shortPauseMs.most)) {
      if (this.#over) return this.#runner.unstarted(step, index, this.#over);
      const run = await this.#runner.run(step, index, inputs, (stream, chunk) => output.write(stream, chunk));
      if (run.kind === 'step' || !begun) return run;
      const pause = Promise.withResolvers<void>();
      using _pause = new Deadline(milliseconds(pauseMs), pause.resolve);
      await Promise.race([pause.promise, this.#ended.promise]);
      this.#runner.cgroup?.restore();
    }
  }

  #end(ending: Ending): void {
    if (this.#over) return;
    this.#over = ending;
    this.#ended.resolve();
    this.#runner.end(ending);
  }

  /** Kills what the steps left behind. Cheap where they left nothing: it then reads one small file. */
  async #clear(): Promise<number | null> {
    const { children, openGroups, hasEnded, cgroup, units } = this.#runner;
    const drained = Promise.all(children.map((child) => child.drained)).then(() => true);
    const open = !(await Promise.race([drained, sleep(0).then(() => false)]));
    const populated = cgroup?.isPopulated ?? units?.isPopulated ?? false;
    const suspicious = populated || open || hasEnded || openGroups.length > 0 || hasOrphans();
    const killed = suspicious ? await this.#kill() : 0;
    if (open) await Promise.race([drained, sleep(outputPatienceMs)]);
    for (const child of children) child.abandonOutput();
    return killed;
  }
}

interface Ran {
  readonly kind: 'ran';
  readonly runs: readonly StepRun[];
  readonly decisive: StepRun | null;
  /** Null where no other step has run after it. */
  readonly decision: Decision | null;
}
