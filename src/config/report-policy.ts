import { z } from 'zod';
import { defaultReportPolicy, hasHiddenSegments, type ReportRules } from '../job/report-policy.ts';
import { reportFile, reportsOf } from '../job/report-schema.ts';

const maxEntries = 1000;
const listOf = <Item extends z.ZodType>(item: Item) =>
  z.array(item, { error: 'expected a list' }).max(maxEntries, { error: `expected at most ${maxEntries} entries` });

const prefixHint = 'expected the beginning of an address, such as https://hooks.example.com/services/';
const prefix = z.string({ error: prefixHint }).refine(isPrefix, { error: prefixHint });

const repositoryHint = 'expected owner/repo, or owner/*';
const repository = z
  .string({ error: repositoryHint })
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})\/(?:\*|[A-Za-z0-9._-]{1,100})$/, { error: repositoryHint });

const variableHint = 'expected the name of a variable in secrets.env';
const variable = z.string({ error: variableHint }).regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, { error: variableHint });

/** The part of `policy` that is about reports. */
export const reportPolicyShape = {
  webhooks: listOf(prefix).optional(),
  github: listOf(repository).optional(),
  reportCommands: z.enum(['allow', 'deny'], { error: 'expected allow or deny' }).optional(),
  reportSecrets: listOf(variable).optional(),
};
type ReportPolicyFile = {
  readonly [Key in keyof typeof reportPolicyShape]?: z.output<(typeof reportPolicyShape)[Key]>;
};

const apiHint = 'expected the address of an API, such as https://github.example.com/api/v3';
export const reportsShape = {
  /** A token goes there: in the clear only to this machine. */
  githubApi: z
    .string({ error: apiHint })
    .refine((text) => isPrefix(text) && isPrivate(text), { error: apiHint })
    .optional(),
};

/** The part of `defaults` that is about reports: those of every job. */
export const reportDefaultsShape = { report: reportFile.optional() };

export const defaultGithubApi = 'https://api.github.com';

export const reportRules = (
  policy: ReportPolicyFile | null | undefined,
  always: z.output<typeof reportFile> | undefined,
): ReportRules => ({
  always: reportsOf(always ?? [], 'configuration'),
  policy: {
    webhooks: policy?.webhooks ?? defaultReportPolicy.webhooks,
    github: policy?.github ?? defaultReportPolicy.github,
    commands: policy?.reportCommands ?? defaultReportPolicy.commands,
    secrets: policy?.reportSecrets ?? defaultReportPolicy.secrets,
  },
});

function isPrefix(text: string): boolean {
  const url = /[\s\\?#]/.test(text) ? null : URL.parse(text);
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) return false;
  return url.hostname !== '' && url.username === '' && url.password === '' && !hasHiddenSegments(url.pathname);
}

function isPrivate(text: string): boolean {
  const url = URL.parse(text);
  return url?.protocol === 'https:' || /^(?:127(?:\.\d+){3}|\[::1\]|localhost)$/.test(url?.hostname ?? '');
}
