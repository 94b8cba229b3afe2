import { accepted, type Parsed, type Refusal, refused } from '../job/refusal.ts';

/*
 * Who may do what with the spool, by the owner of the dropped file. Pure.
 */

/** Everybody who can drop files, nobody but root and the supervisor's own user, or beside them those in the lists. */
export type Access = 'allow' | 'deny' | People;

/** Names, or numbers as text. */
export interface People {
  readonly users: readonly string[];
  readonly groups: readonly string[];
}

export interface Policy {
  /** Jobs that say themselves what runs. */
  readonly inline: Access;
  /** Null: everybody may use every template. Otherwise one that is not listed is denied. */
  readonly templates: ReadonlyMap<string, Access> | null;
  /** Of a secret that is listed: the templates whose jobs get it. */
  readonly secrets: ReadonlyMap<string, readonly string[]>;
}

/** The owner of a dropped file. */
export interface Submitter {
  readonly uid: number;
  /** Null where no user database knows it, as that of a container. */
  readonly user: string | null;
  /** All that it is in. */
  readonly groups: readonly Group[];
  /** `own`: the user of the supervisor, and so of every job. */
  readonly standing: 'root' | 'own' | 'other';
  /** Why somebody else than the owner may have dropped or written the file. Null: nobody else could have. */
  readonly doubt: 'links' | 'writable' | null;
  /** Why its name and groups are not known. */
  readonly flaw: string | null;
}

export interface Group {
  readonly gid: number;
  readonly name: string | null;
}

/** What a job asks for, as far as the policy has a say in it. */
export interface Request {
  readonly template: string | null;
  readonly secrets: readonly string[];
}

/** What secrets.env has. */
export interface KnownNames {
  /** Null: we may not look. */
  readonly names: ReadonlySet<string> | null;
  /** Whether the supervisor's own user, whom every job runs as, may read the file anyway. */
  readonly areOwn: boolean;
}

/** For telling people: `alice (uid 1000)`. */
export const describeSubmitter = ({ uid, user }: Pick<Submitter, 'uid' | 'user'>): string =>
  user === null ? `uid ${uid}` : `${user} (uid ${uid})`;

/** Whether the answer can depend on who the owner is in the user database. */
export const needsNames = ({ inline, templates }: Policy): boolean =>
  [inline, ...(templates?.values() ?? [])].some((access) => typeof access === 'object');

/** Whether a submitter may use a template, and why. */
export function mayUse(template: string, policy: Policy, who: Submitter): Parsed<string> {
  const access = policy.templates === null ? 'allow' : (policy.templates.get(template) ?? 'deny');
  return decide(access, who, {
    what: `the template ${JSON.stringify(template)}`,
    verb: 'use',
    key: `policy.templates.${template}`,
  });
}

/** Whether a submitter may drop a job that says itself what runs, and why. */
export const mayRunInline = (policy: Policy, who: Submitter): Parsed<string> =>
  decide(policy.inline, who, { what: 'jobs of their own', verb: 'run', key: 'policy.inline' });

interface Subject {
  readonly what: string;
  readonly verb: string;
  readonly key: string;
}

function decide(access: Access, who: Submitter, subject: Subject): Parsed<string> {
  if (access === 'allow') return accepted('everybody who can drop files may');
  if (who.doubt !== null) return doubtful(who, subject);
  if (who.standing === 'root') return accepted('root may');
  if (who.standing === 'own') return accepted('the supervisor’s own user may');
  const hint = `${describeAccess(access, subject.key)}; ask whoever keeps booty.yaml`;
  const denied = denial(`${describeSubmitter(who)} may not ${subject.verb} ${subject.what}`, hint);
  if (access === 'deny') return denied;
  const isNamed = access.users.some((user) => user === who.user || user === String(who.uid));
  if (isNamed) return accepted(`${describeSubmitter(who)} is named in ${subject.key}`);
  const group = who.groups.find(({ gid, name }) =>
    access.groups.some((known) => known === name || known === String(gid)),
  );
  if (group)
    return accepted(`${describeSubmitter(who)} is in the group ${group.name ?? group.gid}, which ${subject.key} names`);
  if (who.flaw === null) return denied;
  return denial(
    `${denied.refusal.message}: ${who.flaw}`,
    'drop it again once the user database answers (getent passwd)',
  );
}

function doubtful(who: Submitter, { what, verb }: Subject): Parsed<string> {
  const owner = describeSubmitter(who);
  return who.doubt === 'links'
    ? denial(
        `whether ${owner} may ${verb} ${what} is not asked: the file has several names (hard links), so that another may have dropped it`,
        'drop a copy (cp), or use booty submit',
      )
    : denial(
        `whether ${owner} may ${verb} ${what} is not asked: others may write to the file, so that another may have written it`,
        'chmod go-w before it is dropped, or use booty submit',
      );
}

function describeAccess(access: Exclude<Access, 'allow'>, key: string): string {
  if (access === 'deny' || access.users.length + access.groups.length === 0)
    return `it takes to be root or the supervisor’s user, or to be allowed by ${key}`;
  const groups = access.groups.length > 0 ? [`to be in the group ${orList(access.groups)}`] : [];
  const users = access.users.length > 0 ? [`to be ${orList(access.users)}`] : [];
  return `it takes ${[...groups, ...users].join(', or ')} (${key})`;
}

const orList = (names: readonly string[]): string =>
  names.length === 1 ? String(names[0]) : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;

/**
 * Whether a job may have a secret, and why. One that the policy lists is for the jobs of these templates alone; any other
 * is root's, and the own user's where that may read the file anyway: or else every job could ask for it.
 */
export function mayHave(
  secret: string,
  template: string | null,
  policy: Policy,
  who: Submitter,
  known: KnownNames,
): Parsed<string> {
  const templates = policy.secrets.get(secret);
  if (templates)
    return template !== null && templates.includes(template)
      ? accepted(`policy.secrets.${secret} names the template`)
      : denial(
          `${template === null ? 'a job without a template' : `a job of the template ${JSON.stringify(template)}`} may not have the secret ${secret}`,
          hintOfSecret(secret),
        );
  if (who.doubt !== null) return doubtful(who, { what: `the secret ${secret}`, verb: 'have', key: '' });
  if (who.standing === 'root') return accepted('root may');
  if (who.standing === 'own' && known.areOwn) return accepted('the supervisor’s own user may: secrets.env is its own');
  return denial(`a job of ${describeSubmitter(who)} may not have the secret ${secret}`, hintOfSecret(secret));
}

const hintOfSecret = (secret: string): string =>
  `secrets are for jobs of the templates that policy.secrets.${secret} in booty.yaml names; any other for jobs that root drops`;

/**
 * Decides about a whole job: why it may run, one line each, or the first thing that it may not. Whether a secret exists is told
 * to those only who may have it.
 * @param nearest the name that was perhaps meant
 */
export function decideJob(
  request: Request,
  policy: Policy,
  who: Submitter,
  known: KnownNames,
  nearest: (name: string, names: readonly string[]) => string | null,
): Parsed<readonly string[]> {
  const { template, secrets } = request;
  const run = template === null ? mayRunInline(policy, who) : mayUse(template, policy, who);
  if (!run.ok) return run;
  const reasons = [`${template === null ? 'inline' : `template ${template}`}: ${run.value}`];
  for (const secret of secrets) {
    const verdict = mayHave(secret, template, policy, who, known);
    if (!verdict.ok) return refused({ ...verdict.refusal, key: 'secrets' });
    if (known.names && !known.names.has(secret)) return unknownSecret(secret, request, policy, who, { known, nearest });
    reasons.push(`secret ${secret}: ${verdict.value}`);
  }
  return accepted(reasons);
}

function unknownSecret(
  secret: string,
  { template }: Request,
  policy: Policy,
  who: Submitter,
  { known, nearest }: { known: KnownNames; nearest: (name: string, names: readonly string[]) => string | null },
): Parsed<never> {
  const theirs = [...(known.names ?? [])].filter((name) => mayHave(name, template, policy, who, known).ok);
  const meant = nearest(secret, theirs);
  return refused({
    code: 'SECRET_UNKNOWN',
    message: `there is no ${secret} in secrets.env`,
    hint: meant ? `did you mean ${JSON.stringify(meant)}?` : 'add it there, and restart the supervisor',
    key: 'secrets',
  });
}

const denial = (message: string, hint: string): { readonly ok: false; readonly refusal: Refusal } =>
  refused({ code: 'POLICY', message, hint });
