import type { Report, ReportTarget } from './report.ts';

/** What dropped files may ask for. Whatever is not in it is refused. */
export interface ReportPolicy {
  /** Beginnings of addresses. */
  readonly webhooks: readonly string[];
  /** `owner/repo`, or `owner/*`. */
  readonly github: readonly string[];
  readonly commands: 'allow' | 'deny';
  /** The variables of secrets.env that reports may use. */
  readonly secrets: readonly string[];
}

/** What reports there are beside a job's own, and which it may ask for. */
export interface ReportRules {
  /** Of every job. */
  readonly always: readonly Report[];
  readonly policy: ReportPolicy;
}

export const defaultReportPolicy: ReportPolicy = {
  webhooks: [],
  github: [],
  commands: 'deny',
  secrets: ['GITHUB_TOKEN'],
};

export interface Forbidden {
  /** The key of the report that asks for it. */
  readonly key: 'webhook' | 'command' | 'github' | 'secret';
  readonly message: string;
  readonly hint: string;
}

/** Why a job may not have this report; null where it may. */
export function forbidden({ target, askedBy }: Report, policy: ReportPolicy): Forbidden | null {
  if (askedBy === 'configuration') return null;
  return forbiddenTarget(target, policy) ?? forbiddenSecret(target, policy);
}

function forbiddenTarget(target: ReportTarget, policy: ReportPolicy): Forbidden | null {
  switch (target.kind) {
    case 'webhook':
      return policy.webhooks.some((prefix) => isBelow(target.url, prefix))
        ? null
        : {
            key: 'webhook',
            message: 'is not below any address of policy.webhooks',
            hint: 'an administrator adds the beginning of its address to policy.webhooks in booty.yaml',
          };
    case 'command':
      return policy.commands === 'allow'
        ? null
        : {
            key: 'command',
            message: 'commands as reports are not allowed (policy.reportCommands)',
            hint: 'an administrator sets policy.reportCommands to allow in booty.yaml',
          };
    case 'github': {
      const name = `${target.owner}/${target.repository}`;
      return policy.github.some((pattern) => isRepository(name, pattern))
        ? null
        : {
            key: 'github',
            message: `${name} is not in policy.github`,
            hint: `an administrator adds ${name}, or ${target.owner}/*, to policy.github in booty.yaml`,
          };
    }
  }
}

function forbiddenSecret(target: ReportTarget, policy: ReportPolicy): Forbidden | null {
  const secret = target.kind === 'command' ? null : target.secret;
  if (secret === null || policy.secrets.includes(secret)) return null;
  return {
    key: 'secret',
    message: `${secret} is not in policy.reportSecrets`,
    hint: `an administrator adds ${secret} to policy.reportSecrets in booty.yaml`,
  };
}

/** Whether an address is at or below another: the same scheme, host and port, and its path goes on after a whole segment. */
export function isBelow(address: string, prefix: string): boolean {
  const [url, base] = [URL.parse(address), URL.parse(prefix)];
  if (!url || !base || url.origin !== base.origin || url.origin === 'null' || hasHiddenSegments(url.pathname))
    return false;
  const directory = base.pathname.endsWith('/') ? base.pathname : `${base.pathname}/`;
  return url.pathname === base.pathname || url.pathname.startsWith(directory);
}

/** Some servers read `..%2f` as one directory up. */
export const hasHiddenSegments = (path: string): boolean => /%(?:2e|2f|5c)|\/\/|;/i.test(path);

/** GitHub's names have no case. */
function isRepository(name: string, pattern: string): boolean {
  const [known, wanted] = [name.toLowerCase(), pattern.toLowerCase()];
  return known === wanted || (wanted.endsWith('/*') && known.startsWith(wanted.slice(0, -1)));
}
