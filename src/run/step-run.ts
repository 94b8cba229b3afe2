import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Exit } from '../job/exit.ts';
import type { Isolation } from '../job/isolation.ts';
import type { JobSpec, Step } from '../job/job.ts';
import { exitUnderLimits, noHits, unenforced } from '../job/limits.ts';
import type { Milliseconds } from '../job/units.ts';
import type { Usage } from '../job/usage.ts';
import type { Redactor } from '../redact/redactor.ts';
import type { Claim } from '../schedule/queue.ts';
import type { AttemptUnits } from './attempt-units.ts';
import type { AttemptCgroup } from './cgroup.ts';
import { startInCgroup } from './cgroup-entry.ts';
import { type CgroupTree, enforceable } from './cgroup-tree.ts';
import { type Child, type ChildSpec, type Started, startChild } from './child.ts';
import { Deadline } from './deadline.ts';
import { EarlyOutput } from './early-output.ts';
import type { EmptyDirectories } from './empty-directories.ts';
import { type AttemptInputs, stepEnvironment, type VerifierFiles } from './environment.ts';
import type { OnOutput, OutputListener } from './output.ts';
import { groupExists } from './processes.ts';
import { type SecretValues, secretsOfStep } from './secrets.ts';
import { type Shortage, shortageOfSpawn } from './shortage.ts';
import { argvOf, prepareStep, type SpawnFailure } from './step-files.ts';
import { startInUnit } from './unit-entry.ts';
import type { UnitHost } from './unit-host.ts';
import type { JobPlace } from './workdir.ts';

export interface AttemptSettings {
  readonly machine: Readonly<Record<string, string>>;
  readonly killGraceMs: Milliseconds;
  /** Where the relative paths of module steps begin. */
  readonly modules: string;
  readonly directories: EmptyDirectories;
  readonly redactor: Redactor;
  readonly secrets: SecretValues;
  /** Who is told of what an attempt prints, beside its log. */
  readonly listenTo?: (claim: Claim) => OutputListener | null;
  /** Where each attempt gets a cgroup of its own; null: nowhere. */
  readonly cgroups: CgroupTree | null;
  /** Where jobs that ask for it get units of their own; null: nowhere. */
  readonly units: UnitHost | null;
  /** The walls of jobs that ask for none, also of those that were accepted when there was no such default. */
  readonly isolation: Isolation | null;
  /** Whether a job with limits that nothing enforces is not run. */
  readonly refusesUnenforced: boolean;
}

/** One step of an attempt that has ended. */
export interface StepRun {
  readonly kind: 'step';
  /** Its place among the steps of the job, from 0. */
  readonly index: number;
  readonly step: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly exit: Exit;
  /** Null where it could not be started. */
  readonly usage: Usage | null;
}

/** Why a step is ended that does not end by itself. */
export type Ending = Extract<Exit, { kind: 'timeout' | 'cancelled' }>;

/** How long the output of an ended child is awaited while somebody else still holds it open. */
export const outputPatienceMs = 100;
const groupPollMs = 20;

/** Runs the steps of one attempt, one at a time. The first reason to end a step is the one that counts. */
export class StepRunner {
  readonly children: Child[] = [];
  /** Groups that had members left when their leader ended. */
  readonly openGroups: number[] = [];
  /** Whether a step was ended that did not end by itself. */
  hasEnded = false;
  readonly #claim: Claim;
  readonly #place: JobPlace;
  readonly #settings: AttemptSettings;
  readonly #verifier: VerifierFiles | null;
  readonly #onStart: (pid: number) => void;
  /** Of the attempt: made before its first step. */
  cgroup: AttemptCgroup | null = null;
  /** The same, where each of its steps is to be a unit. */
  units: AttemptUnits | null = null;
  #isFirst = true;
  /** Children whose output has not been read to its end. */
  #undrained = 0;
  #ending: Ending | null = null;
  #child: Child | null = null;
  #grace: Deadline | null = null;
  #hasGrace = true;

  /** @param onStart told of each child once it runs */
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

  /** Whether nobody writes to the attempt's output any more. */
  get isDrained(): boolean {
    return this.#undrained === 0;
  }

  /** A step that is not started any more. */
  unstarted(step: Step, index: number, ending: Ending): StepRun {
    return { ...this.#startOf(step, index), durationMs: 0, exit: ending, usage: null };
  }

  async run(step: Step, index: number, inputs: AttemptInputs, onOutput: OnOutput): Promise<StepRun | Shortage> {
    const start = this.#startOf(step, index);
    const started = performance.now();
    const ended = (exit: Exit, usage: Usage | null = null): StepRun => ({
      ...start,
      durationMs: Math.round(performance.now() - started),
      exit,
      usage,
    });
    this.#ending = null;
    const { modules, directories } = this.#settings;
    const unprepared = prepareStep(step, this.#place, {
      isFirst: this.#isFirst,
      cwd: start.cwd,
      modules,
      directories,
      needs: inputs.needs,
    });
    if (unprepared) return unprepared.kind === 'short' ? unprepared : ended(unprepared);
    this.#isFirst = false;
    const { spec: jobSpec } = this.#claim.job;
    if (jobSpec.isolation !== null && !this.units) return ended(withoutUnit);
    const lacking = this.#settings.refusesUnenforced ? unenforcedHere(jobSpec, this.#settings) : [];
    if (lacking.length > 0) return ended(withoutLimits(lacking));
    const secrets = secretsOfStep(jobSpec, step, this.#settings.secrets);
    if (secrets.missing.length > 0) return ended(withoutSecrets(secrets.missing));
    const env = stepEnvironment(
      this.units ? machineOfUnit(this.#settings.machine, this.#place) : this.#settings.machine,
      this.#claim,
      step,
      this.#place,
      this.#verifier,
      inputs,
      secrets.env,
    );
    const before = this.cgroup?.hits ?? noHits;
    const spec = { argv: start.argv, cwd: start.cwd, env };
    const early = new EarlyOutput(onOutput);
    const child = await this.#start(spec, index, early.write);
    if (child.kind === 'child') this.#follow(child);
    early.letGo();
    if (child.kind === 'short') return child;
    if (child.kind === 'spawn') return shortageOfSpawn(child) ?? ended(explained(child, step));
    const limitMs = step.timeoutMs;
    using _limit =
      limitMs === null ? null : new Deadline(limitMs, () => this.end({ kind: 'timeout', limitMs, of: 'step' }));
    const { exit: plain, usage } = await child.exited;
    if (plain.kind === 'spawn' && !this.#ending) {
      this.#child = null;
      return shortageOfSpawn(plain) ?? ended(plain);
    }
    const exit = this.cgroup ? exitUnderLimits(plain, this.cgroup.limits, before, this.cgroup.hits) : plain;
    const decided = (this.#ending as Ending | null) ?? exit;
    // A shell dies of the TERM at once; what it had started has the rest of the grace to put its things in order.
    while (this.#ending && this.#grace && child.lives()) await sleep(groupPollMs);
    this.#child = null;
    this.#grace?.[Symbol.dispose]();
    this.#grace = null;
    if (groupExists(child.pid)) this.openGroups.push(child.pid);
    await Promise.race([child.drained, sleep(outputPatienceMs, undefined, { ref: false })]);
    return ended(decided, usage);
  }

  /** Ends the step that runs: TERM to its group, and KILL after the grace. */
  end(ending: Ending): void {
    if (this.#ending) return;
    this.#ending = ending;
    if (this.#child) this.#terminate(this.#child);
  }

  /** Cuts the grace short, also of a step of whose start we are still to be told. */
  kill(): void {
    this.#hasGrace = false;
    this.#grace?.[Symbol.dispose]();
    this.#grace = null;
    this.#child?.signal('SIGKILL');
  }

  #start(spec: ChildSpec, index: number, onOutput: OnOutput): Promise<Started | Shortage> {
    const { isolation, limits } = this.#claim.job.spec;
    if (isolation !== null && this.units) {
      const { killGraceMs } = this.#settings;
      return startInUnit(spec, this.units, index, { isolation, limits, place: this.#place, killGraceMs }, onOutput);
    }
    return this.cgroup ? startInCgroup(spec, this.cgroup, onOutput) : startChild(spec, onOutput);
  }

  #startOf(step: Step, index: number) {
    const cwd = step.cwd === null ? this.#place.workdir : resolve(this.#place.workdir, step.cwd);
    const argv = argvOf(step, this.#place, this.#settings.modules);
    return { kind: 'step', index, step: step.name, argv, cwd, startedAtMs: Date.now() } as const;
  }

  #follow(child: Child): void {
    this.children.push(child);
    this.#undrained += 1;
    void child.drained.then(() => {
      this.#undrained -= 1;
    });
    this.#child = child;
    this.#onStart(child.pid);
    // The reason to end may have come while the child was being started.
    if (this.#ending) this.#terminate(child);
  }

  #terminate(child: Child): void {
    this.hasEnded = true;
    if (!this.#hasGrace) return child.signal('SIGKILL');
    child.signal('SIGTERM');
    this.#grace = new Deadline(this.#settings.killGraceMs, () => {
      this.#grace = null;
      child.signal('SIGKILL');
    });
  }
}

/** The limits of a job that nothing enforces, by their keys. */
export const unenforcedHere = (
  { limits, isolation }: Pick<JobSpec, 'limits' | 'isolation'>,
  { cgroups, units }: Pick<AttemptSettings, 'cgroups' | 'units'>,
): readonly string[] => unenforced(limits, isolation !== null && units ? units.controllers : enforceable(cgroups));

/** The supervisor that accepted it could. A job never runs with fewer walls than it asks for. */
const withoutUnit: SpawnFailure = {
  kind: 'spawn',
  code: 'ENOTSUP',
  message: 'this supervisor cannot run it as a unit of its own: see ISOLATION_UNAVAILABLE',
};

/** Its user has no home, and the name that systemd has made for it. */
function machineOfUnit(
  machine: Readonly<Record<string, string>>,
  { workdir }: JobPlace,
): Readonly<Record<string, string>> {
  const { USER: _, ...rest } = machine;
  return { ...rest, HOME: workdir };
}

const withoutLimits = (names: readonly string[]): SpawnFailure => ({
  kind: 'spawn',
  code: 'ENOTSUP',
  message: `nothing enforces its limits of ${names.join(', ')} here, and policy.unenforcedLimits says refuse`,
});

const withoutSecrets = (names: readonly string[]): SpawnFailure => ({
  kind: 'spawn',
  code: 'ENOKEY',
  message: `secrets.env has no ${names.join(', ')} any more`,
});

/** Who names a shell that the machine does not have is told that, and not of a program. */
function explained(failure: SpawnFailure, { action }: Step): SpawnFailure {
  const isShell = action.kind === 'run' && action.shell !== 'sh';
  if (!isShell || failure.code !== 'ENOENT' || failure.message.startsWith('its ')) return failure;
  return { ...failure, message: `there is no shell ${action.shell} in PATH (ENOENT)` };
}
