import type { UnenforcedLimits } from '../config/config.ts';
import {
  decideJob,
  type KnownNames,
  mayUse,
  needsNames,
  type Policy,
  type Request,
  type Submitter,
} from '../config/policy.ts';
import type { JobSpec } from '../job/job.ts';
import { type Controller, unenforced } from '../job/limits.ts';
import { type DroppedFile, type JobDefaults, type ParsedJob, parseJobFile } from '../job/parse.ts';
import { nearestOf } from '../job/problems.ts';
import { accepted, type Parsed, type Refusal, refused } from '../job/refusal.ts';
import type { Templates } from '../job/template.ts';
import type { FoundUnits } from '../run/unit-host.ts';
import type { Content } from '../spool/claim.ts';
import { type Account, nameless, Submitters } from '../spool/submitters.ts';

/** The owner of a file, as far as the file tells. */
export type Owner = Pick<Content, 'uid' | 'doubt'>;

export interface AdmissionParts {
  /** What enforces limits here; null: nobody knows, as the supervisor is not asked. */
  readonly enforceable: ReadonlySet<Controller> | null;
  /** Whether jobs can be units of their own; null: nobody knows. */
  readonly units: FoundUnits | null;
  readonly templates: Templates;
  readonly secrets: KnownNames;
  /** The user of the supervisor. */
  readonly ownUid: number;
}

/** A job that may run, and why it may. */
export interface Admitted extends ParsedJob {
  readonly reasons: readonly string[];
}

export interface AdmissionRules {
  readonly defaults: JobDefaults;
  readonly policy: Policy;
  readonly unenforcedLimits: UnenforcedLimits;
}

/** What a dropped file asks for, and whether its owner may have that: for the supervisor, and for whoever asks before. */
export class Admission {
  readonly #parts: AdmissionParts;
  readonly #submitters = new Submitters();

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  async examine(
    file: DroppedFile,
    owner: Owner,
    rules: AdmissionRules,
  ): Promise<Parsed<Admitted> & { readonly also?: readonly Refusal[] }> {
    return this.decide(file, await this.submitterOf(owner, rules.policy), rules);
  }

  /** Who the owner is; the user database is asked only where it matters. */
  async submitterOf(owner: Owner, policy: Policy): Promise<Submitter> {
    const known = this.submitter(owner, nameless);
    if (known.standing !== 'other' || !needsNames(policy)) return known;
    return this.submitter(owner, await this.#submitters.accountOf(owner.uid));
  }

  submitter({ uid, doubt }: Owner, account: Account): Submitter {
    const standing = uid === 0 ? 'root' : uid === this.#parts.ownUid ? 'own' : 'other';
    return { uid, standing, doubt, ...account };
  }

  decide(
    file: DroppedFile,
    who: Submitter,
    { defaults, policy, unenforcedLimits }: AdmissionRules,
  ): Parsed<Admitted> & { readonly also?: readonly Refusal[] } {
    const { templates, secrets, units } = this.#parts;
    const parsed = parseJobFile(file, defaults, {
      // Whether a template exists, and what it takes, is told to those only who may use it.
      find: (name) => {
        const verdict = mayUse(name, policy, who);
        return verdict.ok ? templates.find(name) : verdict;
      },
      flawOfPath: (path, below) => templates.flawOfPath(path, below),
    });
    if (!parsed.ok) return parsed;
    const { spec } = parsed.value;
    if (spec.isolation !== null && units?.kind === 'none') return withoutUnits(units.why);
    const enforceable = this.#enforceableOf(spec);
    const lacking = enforceable && unenforcedLimits === 'refuse' ? lackingOf(spec, enforceable) : [];
    if (lacking.length > 0) return withoutLimits(lacking);
    const reasons = decideJob(requestOf(spec), policy, who, secrets, nearestOf);
    return reasons.ok ? accepted({ ...parsed.value, reasons: reasons.value }) : reasons;
  }

  #enforceableOf({ isolation }: JobSpec): ReadonlySet<Controller> | null {
    const { units, enforceable } = this.#parts;
    return isolation !== null && units?.kind === 'units' ? units.host.controllers : enforceable;
  }
}

/** What the job would get, it gets whole, or it does not run. */
const withoutUnits = (why: string) =>
  refused({
    code: 'ISOLATION_UNAVAILABLE',
    message: `no job can run as a unit of its own here: ${why}`,
    hint: 'let the supervisor run as root, by the drop-in isolation.conf (OPERATIONS.md, Isolation), or leave isolation out',
    key: 'isolation',
  });

const lackingOf = ({ limits, verify }: JobSpec, enforceable: ReadonlySet<Controller>): readonly string[] => [
  ...new Set([limits, ...verify.map((verifier) => verifier.limits)].flatMap((one) => unenforced(one, enforceable))),
];

const withoutLimits = (names: readonly string[]) =>
  refused({
    code: 'LIMITS_UNENFORCED',
    message: `nothing here enforces its limits of ${names.join(', ')}, and policy.unenforcedLimits says refuse`,
    hint: 'let the supervisor run under its unit (Delegate=), or set policy.unenforcedLimits: ignore',
    key: 'limits',
  });

/** What the policy has a say in. */
const requestOf = (spec: JobSpec): Request => ({ template: spec.template, secrets: secretNamesOf(spec) });

/** Every secret that a job, its steps and its verifier get. */
export const secretNamesOf = ({ secrets, steps, verify }: JobSpec): readonly string[] => [
  ...new Set([...secrets, ...steps.flatMap((step) => step.secrets), ...verify.flatMap(secretNamesOf)]),
];
