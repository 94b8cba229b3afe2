import { z } from 'zod';
import { type Report, type ReportTarget, reportKinds, reportOutcomes } from './report.ts';
import { hasHiddenSegments } from './report-policy.ts';
import { milliseconds, parseDuration } from './units.ts';

const maxReports = 10;
const maxTimeoutMs = 5 * 60_000;
const defaultTimeoutMs = { webhook: 15_000, command: 30_000, github: 30_000 } as const;
/** The most characters that the arguments of a command have together. */
const maxArguments = 100;
const maxArgumentLength = 10_000;

const webhookHint = 'expected an address, such as https://hooks.example.com/booty';
const webhook = z
  .string({ error: webhookHint })
  .max(2000, { error: 'expected at most 2000 characters' })
  .refine(isAddress, { error: webhookHint })
  .refine((text) => !hasCredentials(text), {
    error: 'must not hold a user or a password: what signs it is named by secret',
  })
  .refine((text) => !text.includes('#'), { error: 'must not have a part after a #' })
  .refine((text) => !hasHiddenSegments(URL.parse(text)?.pathname ?? ''), {
    error: 'must not have // or ; or an encoded . or / in its path',
  });

const githubHint = 'expected an issue or pull request, such as owner/repo#12';
const github = z
  .string({ error: githubHint })
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})\/(?!\.{1,2}#)[A-Za-z0-9._-]{1,100}#[1-9]\d{0,8}$/, { error: githubHint });

const word = z
  .string({ error: 'expected text' })
  .max(maxArgumentLength, { error: `expected at most ${maxArgumentLength} characters` })
  .refine((text) => !text.includes('\0'), { error: 'must not contain a NUL character' });
const commandHint = 'expected a list: a program and its arguments';

const timeoutHint = 'expected a duration of at most 5m, such as 30s';
const itemFields = {
  webhook: webhook.optional(),
  command: z
    .tuple([word.min(1, { error: 'expected a program' })], word, { error: commandHint })
    .refine((argv) => argv.length <= maxArguments, { error: `expected at most ${maxArguments} words` })
    .optional(),
  github: github.optional(),
  on: z
    .array(z.enum(reportOutcomes, { error: `expected one of ${reportOutcomes.join(', ')}` }), {
      error: `expected a list of outcomes: ${reportOutcomes.join(', ')}`,
    })
    .min(1, { error: 'expected at least one outcome' })
    .optional(),
  secret: z
    .string({ error: 'expected the name of a variable in secrets.env' })
    .regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, { error: 'expected the name of a variable in secrets.env' })
    .optional(),
  timeout: z
    .string({ error: timeoutHint })
    .refine((text) => (parseDuration(text) ?? 0) > 0 && (parseDuration(text) ?? 0) <= maxTimeoutMs, {
      error: timeoutHint,
    })
    .transform((text) => parseDuration(text) ?? 0)
    .optional(),
};
const item = z
  .strictObject(itemFields, { error: 'expected a mapping with webhook, command or github' })
  .superRefine((value, context) => {
    const present = reportKinds.filter((kind) => value[kind] !== undefined);
    if (present.length !== 1)
      context.addIssue({
        code: 'custom',
        message:
          present.length === 0
            ? 'expected one of webhook, command or github'
            : `expected only one of webhook, command or github, found ${present.join(' and ')}`,
      });
    if (value.secret !== undefined && value.command !== undefined)
      context.addIssue({ code: 'custom', path: ['secret'], message: 'only goes with webhook or github' });
  });

/** One report or several. */
export const reportFile = z.preprocess(
  (value) => (typeof value === 'object' && value !== null && !Array.isArray(value) ? [value] : value),
  z
    .array(item, { error: 'expected a report with webhook, command or github, or a list of them' })
    .max(maxReports, { error: `expected at most ${maxReports} reports` }),
);
export const reportFields = { report: reportFile.optional() };
export type ReportFile = z.output<typeof reportFile>;

export const knownReportKeys: readonly string[] = Object.keys(itemFields);

/** What a file says of reports, with every default filled in. */
export const reportsOf = (file: ReportFile, askedBy: Report['askedBy']): readonly Report[] =>
  file.map((one) => ({ target: targetOf(one), on: one.on ?? ['crashed', 'rejected'], askedBy }));

function targetOf(file: ReportFile[number]): ReportTarget {
  const timeoutOf = (kind: keyof typeof defaultTimeoutMs) => milliseconds(file.timeout ?? defaultTimeoutMs[kind]);
  if (file.webhook !== undefined) {
    const url = URL.parse(file.webhook)?.href ?? file.webhook;
    return { kind: 'webhook', url, secret: file.secret ?? null, timeoutMs: timeoutOf('webhook') };
  }
  if (file.command !== undefined) return { kind: 'command', argv: file.command, timeoutMs: timeoutOf('command') };
  const [, owner = '', repository = '', issue = ''] = /^(.*)\/(.*)#(\d+)$/.exec(file.github ?? '') ?? [];
  return {
    kind: 'github',
    owner,
    repository,
    issue: Number(issue),
    secret: file.secret ?? 'GITHUB_TOKEN',
    timeoutMs: timeoutOf('github'),
  };
}

function isAddress(text: string): boolean {
  const url = /[\s\\]/.test(text) ? null : URL.parse(text);
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:') && url.hostname !== '';
}

function hasCredentials(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.username !== '' || url.password !== '');
}
