import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../disk/durable.ts';
import type { Exit } from '../job/exit.ts';
import type { Step } from '../job/job.ts';
import { type Milliseconds, milliseconds } from '../job/units.ts';
import { totalUsage, type Usage } from '../job/usage.ts';
import type { Redactor } from '../redact/redactor.ts';
import type { Claim } from '../schedule/queue.ts';
import { type Child, startChild } from './child.ts';
import { Deadline } from './deadline.ts';
import { markOf, stepEnvironment, type VerifierFiles } from './environment.ts';
import { argvOfModule, prepareModule } from './module-step.ts';
import { hasOrphans } from './orphans.ts';
import { AttemptOutput } from './output.ts';
import { groupExists, groupLives, isWithoutLeader, signalGroup } from './processes.ts';
import { type SecretValues, secretsOfStep } from './secrets.ts';
import { forgetShellFailures } from './shell-failures.ts';
import { type Shortage, shortageOfFiles, shortageOfSpawn } from './shortage.ts';
import { killSurvivors } from './survivors.ts';
import { type JobPlace, logPath, makeWorkdir } from './workdir.ts';

export interface AttemptSettings {
  readonly machine: Readonly<Record<string, string>>;
  readonly killGraceMs: Milliseconds;
  /** Where the relative paths of module steps begin. */
  readonly modules: string;
  readonly redactor: Redactor;
  readonly secrets: SecretValues;
}

/** One step of an attempt that has ended. */
export interface StepRun {
  readonly kind: 'step';
  readonly step: string;
  readonly argv: readonly string[];
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly exit: Exit;
  /** Null where it could not be started. */
  readonly usage: Usage | null;
}

export interface AttemptResult {
  readonly kind: 'ended';
  /** In order, the one that decided last. */
  readonly steps: readonly [StepRun, ...StepRun[]];
  readonly output: AttemptOutput;
  /** By the monotonic clock. */
  readonly durationMs: number;
  /** Of all its steps. */
  readonly usage: Usage | null;
  /** Processes that its steps left behind and that were killed; null where some could not be. */
  readonly survivors: number | null;
}

type Ending = Extract<Exit, { kind: 'timeout' | 'cancelled' }>;

/** How long the output of an ended child is awaited while somebody else still holds it open. */
const outputPatienceMs = 100;
const groupPollMs = 20;
/** How long a step is put off where the machine is short, at first and at most. */
const shortPauseMs = { first: 1000, most: 30_000 } as const;

/**
 * Runs the steps of one claim in order, until one does not succeed.
 *
 *   start ──▶ step 1 ──▶ step 2 ──▶ … ──▶ whoever is left is killed ──▶ result
 *               │ time limit, cancel
 *               └──▶ TERM to its group ──grace──▶ KILL
 *
 * The first reason to end it is the one that counts.
 */
export class Attempt {
  readonly #claim: Claim;
  readonly #place: JobPlace;
  readonly #settings: AttemptSettings;
  readonly #verifier: VerifierFiles | null;
  /** Told of each child once it runs, for the ledger. */
  readonly #onStart: (pid: number) => void;
  #ending: Ending | null = null;
  #stepsBegun = 0;
  readonly #ended = Promise.withResolvers<void>();
  #child: Child | null = null;
  /** Groups that had members left when their leader ended. */
  readonly #openGroups: number[] = [];
  #grace: Deadline | null = null;

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
    this.#verifier = verifier;
    this.#onStart = onStart;
  }

  /** Ends the attempt as cancelled: TERM, and KILL after the grace. */
  cancel(): void {
    this.#end({ kind: 'cancelled' });
  }

  /** Cuts the grace short. */
  kill(): void {
    this.cancel();
    this.#grace?.[Symbol.dispose]();
    this.#grace = null;
    if (this.#child) signalGroup(this.#child.pid, 'SIGKILL');
  }

  /** Resolves with a shortage, and has then left nothing behind, where the machine could not start its first step. */
  async run(): Promise<AttemptResult | Shortage> {
    const started = performance.now();
    const { spec } = this.#claim.job;
    const output = new AttemptOutput(
      logPath(this.#place, this.#claim.attempt),
      spec.outputMaxBytes,
      this.#settings.redactor,
    );
    const children: Child[] = [];
    const runs: StepRun[] = [];
    using _limit = new Deadline(spec.timeoutMs, () =>
      this.#end({ kind: 'timeout', limitMs: spec.timeoutMs, of: 'job' }),
    );
    for (const step of spec.steps) {
      const run = await this.#runStepPatiently(step, output, children, runs.length > 0);
      if (run.kind === 'short') {
        output[Symbol.dispose]();
        return run;
      }
      runs.push(run);
      if (run.exit.kind !== 'code' || run.exit.code !== 0) break;
    }
    const survivors = await this.#clear(children);
    output[Symbol.dispose]();
    const [first, ...rest] = runs;
    if (!first) throw new Error(`job ${this.#claim.job.id} has no steps`);
    const durationMs = Math.round(performance.now() - started);
    const usage = totalUsage(runs.map((run) => run.usage));
    return { kind: 'ended', steps: [first, ...rest], output, durationMs, usage, survivors };
  }

  /** Looks again for what is left of it, and kills that: as {@link AttemptResult.survivors}. */
  clearAgain(): Promise<number | null> {
    return killSurvivors({
      groups: this.#openGroups.filter(isWithoutLeader),
      mark: markOf(this.#place, this.#claim.attempt),
    });
  }

  /** @param begun whether steps have run already: they must not run again, so that this one waits for the machine */
  async #runStepPatiently(
    step: Step,
    output: AttemptOutput,
    children: Child[],
    begun: boolean,
  ): Promise<StepRun | Shortage> {
    for (let pauseMs: number = shortPauseMs.first; ; pauseMs = Math.min(2 * pauseMs, shortPauseMs.most)) {
      const run = await this.#runStep(step, output, children);
      if (run.kind === 'step' || !begun) return run;
      const pause = Promise.withResolvers<void>();
      using _pause = new Deadline(milliseconds(pauseMs), pause.resolve);
      await Promise.race([pause.promise, this.#ended.promise]);
    }
  }

  async #runStep(step: Step, output: AttemptOutput, children: Child[]): Promise<StepRun | Shortage> {
    const startedAtMs = Date.now();
    const started = performance.now();
    const argv = this.#argvOf(step);
    const ended = (exit: Exit, usage: Usage | null = null): StepRun => ({
      kind: 'step',
      step: step.name,
      argv,
      startedAtMs,
      durationMs: Math.round(performance.now() - started),
      exit,
      usage,
    });
    if (this.#ending) return ended(this.#ending);
    const unprepared = this.#prepare(step);
    if (unprepared) return unprepared.kind === 'short' ? unprepared : ended(unprepared);
    const secrets = secretsOfStep(this.#claim.job.spec, step, this.#settings.secrets);
    if (secrets.missing.length > 0) return ended(withoutSecrets(secrets.missing));
    const env = stepEnvironment(this.#settings.machine, this.#claim, step, this.#place, this.#verifier, secrets.env);
    const child = startChild({ argv, cwd: this.#place.workdir, env }, (stream, chunk) => output.write(stream, chunk));
    if (child.kind === 'spawn') return shortageOfSpawn(child) ?? ended(child);
    children.push(child);
    this.#child = child;
    this.#onStart(child.pid);
    // The reason to end may have come while the child was being started.
    if (this.#ending) this.#terminate(child);
    const limitMs = step.timeoutMs;
    using _limit =
      limitMs === null ? null : new Deadline(limitMs, () => this.#end({ kind: 'timeout', limitMs, of: 'step' }));
    const { exit, usage } = await child.exited;
    const decided = this.#ending ?? exit;
    // A shell dies of the TERM at once; what it had started has the rest of the grace to put its things in order.
    while (this.#ending && this.#grace && groupLives(child.pid)) await sleep(groupPollMs);
    this.#child = null;
    this.#grace?.[Symbol.dispose]();
    if (groupExists(child.pid)) this.#openGroups.push(child.pid);
    await Promise.race([child.drained, sleep(outputPatienceMs, undefined, { ref: false })]);
    return ended(decided, usage);
  }

  #end(ending: Ending): void {
    if (this.#ending) return;
    this.#ending = ending;
    this.#ended.resolve();
    if (this.#child) this.#terminate(this.#child);
  }

  #terminate(child: Child): void {
    signalGroup(child.pid, 'SIGTERM');
    this.#grace = new Deadline(this.#settings.killGraceMs, () => {
      this.#grace = null;
      signalGroup(child.pid, 'SIGKILL');
    });
  }

  /** Kills what the steps left behind. Cheap where they left nothing: it then reads one small file. */
  async #clear(children: readonly Child[]): Promise<number | null> {
    const drained = Promise.all(children.map((child) => child.drained)).then(() => true);
    const open = !(await Promise.race([drained, sleep(0).then(() => false)]));
    const suspicious = open || this.#ending !== null || this.#openGroups.length > 0 || hasOrphans();
    const killed = suspicious ? await this.clearAgain() : 0;
    if (open) await Promise.race([drained, sleep(outputPatienceMs)]);
    for (const child of children) child.abandonOutput();
    return killed;
  }

  /** Makes the files that a step needs; what the disk refuses is an exit. */
  #prepare(step: Step): Extract<Exit, { kind: 'spawn' }> | Shortage | null {
    try {
      makeWorkdir(this.#place);
      if (step.action.kind === 'script') {
        rmSync(this.#scriptPath, { force: true, recursive: true });
        writeFileSync(this.#scriptPath, step.action.text, { mode: 0o700, flag: 'wx' });
      }
      if (this.#stepsBegun > 0) forgetShellFailures(this.#place);
      this.#stepsBegun += 1;
      if (step.action.kind === 'module') prepareModule(step.action, this.#place, this.#settings.modules);
      return null;
    } catch (error) {
      const code = errorCode(error);
      if (code === null) throw error;
      const shortage = shortageOfFiles(error);
      if (shortage) return shortage;
      return { kind: 'spawn', code, message: `its working directory cannot be made: ${code}` };
    }
  }

  #argvOf({ action }: Step): readonly [string, ...string[]] {
    switch (action.kind) {
      case 'run':
        return ['/bin/sh', '-e', '-c', action.line];
      case 'command':
        return action.argv;
      case 'script':
        return [this.#scriptPath];
      case 'module':
        return argvOfModule(action, this.#settings.modules);
    }
  }

  get #scriptPath(): string {
    return join(this.#place.directory, 'script');
  }
}

const withoutSecrets = (names: readonly string[]): Extract<Exit, { kind: 'spawn' }> => ({
  kind: 'spawn',
  code: 'ENOKEY',
  message: `secrets.env has no ${names.join(', ')} any more`,
});
