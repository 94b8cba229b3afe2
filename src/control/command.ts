import { z } from 'zod';
import { parseJobId, parseKnownId } from '../job/id.ts';
import { jobKinds } from '../job/job.ts';
import { plainLine } from '../job/plain-line.ts';
import type { Command, Scope, Target } from '../schedule/control.ts';

/** What is asked for, by the last part of the path. */
export const verbs = ['cancel', 'hold', 'release', 'priority', 'retry', 'pause', 'resume'] as const;
export type Verb = (typeof verbs)[number];

const maxNameLength = 200;
const maxReasonLength = 200;

const id = z
  .string({ error: 'expected the id of a job' })
  .refine((text) => parseKnownId(text) !== null, { error: 'expected the id of a job' });
const newId = z.string({ error: 'expected an id' }).refine((text) => parseJobId(text) !== null, {
  error: 'expected an id: letters, digits, dots, underscores or dashes',
});
const label = z
  .string({ error: 'expected a name' })
  .min(1, { error: 'expected a name' })
  .max(maxNameLength, { error: `expected at most ${maxNameLength} characters` });
const reason = z
  .string({ error: 'expected text' })
  .max(maxReasonLength, { error: `expected at most ${maxReasonLength} characters` });
const priority = z
  .int({ error: 'expected a whole number from -1000 to 1000' })
  .min(-1000, { error: 'expected a whole number from -1000 to 1000' })
  .max(1000, { error: 'expected a whole number from -1000 to 1000' });

const targetKeys = { id: id.optional(), name: label.optional(), group: label.optional() };
const scopeKeys = {
  all: z.literal(true, { error: 'expected true' }).optional(),
  kind: z.enum(jobKinds, { error: `expected ${jobKinds.join(' or ')}` }).optional(),
  group: label.optional(),
};

const mapping = { error: 'expected a JSON object' };
const exactlyOne = (keys: readonly string[]) => ({
  check: (value: object) => keys.filter((key) => key in value).length === 1,
  error: { error: `expected exactly one of ${keys.join(', ')}` },
});
const oneTarget = exactlyOne(Object.keys(targetKeys));
const oneScope = exactlyOne(Object.keys(scopeKeys));

const target = z.strictObject(targetKeys, mapping).refine(oneTarget.check, oneTarget.error);
const scope = z.strictObject(scopeKeys, mapping).refine(oneScope.check, oneScope.error);
const cancel = z
  .strictObject({ ...targetKeys, reason: reason.optional() }, mapping)
  .refine(oneTarget.check, oneTarget.error);
const prioritize = z.strictObject({ ...targetKeys, priority }, mapping).refine(oneTarget.check, oneTarget.error);
const retry = z.strictObject({ id, newId: newId.optional() }, mapping);

export type Understood =
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'refused'; readonly message: string };

/**
 * What a request means.
 * @param by who asks, for the reason of what is cancelled
 */
export function understand(verb: Verb, body: unknown, by: string): Understood {
  switch (verb) {
    case 'cancel':
      return read(cancel, body, (value) => {
        const why = plainLine(value.reason ?? '');
        return { kind: 'cancel', target: targetOf(value), reason: `cancelled by ${by}${why === '' ? '' : `: ${why}`}` };
      });
    case 'hold':
    case 'release':
      return read(target, body, (value) => ({ kind: verb, target: targetOf(value) }));
    case 'priority':
      return read(prioritize, body, (value) => ({
        kind: 'prioritize',
        target: targetOf(value),
        priority: value.priority,
      }));
    case 'retry':
      return read(retry, body, (value) => ({
        kind: 'retry',
        id: knownId(value.id),
        newId: value.newId === undefined ? null : knownId(value.newId),
      }));
    case 'pause':
    case 'resume':
      return read(scope, body, (value) => ({ kind: verb, scope: scopeOf(value) }));
  }
}

/** What is paused, for people: `group db`. */
export function describeScope(of: Scope): string {
  switch (of.kind) {
    case 'all':
      return 'everything';
    case 'kind':
      return `${of.jobKind}s`;
    case 'group':
      return `group ${of.group}`;
  }
}

function read<Value>(schema: z.ZodType<Value>, body: unknown, make: (value: Value) => Command): Understood {
  const result = schema.safeParse(body);
  if (result.success) return { kind: 'command', command: make(result.data) };
  return { kind: 'refused', message: result.error.issues.slice(0, 5).map(describeIssue).join('; ') };
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const where = issue.path.length > 0 ? `${issue.path.join('.')}: ` : '';
  if (issue.code !== 'unrecognized_keys') return `${where}${issue.message}`;
  return `${where}unknown key ${issue.keys
    .slice(0, 5)
    .map((key) => JSON.stringify(key.slice(0, 80)))
    .join(', ')}`;
}

/** The schema has looked at it. */
const knownId = (text: string) => {
  const known = parseKnownId(text);
  if (known === null) throw new Error(`no id: ${text}`);
  return known;
};

type OneOf<Keys extends Record<string, unknown>> = { readonly [Key in keyof Keys]?: Keys[Key] | undefined };

function targetOf(value: OneOf<{ id: string; name: string; group: string }>): Target {
  if (value.id !== undefined) return { kind: 'id', id: knownId(value.id) };
  if (value.name !== undefined) return { kind: 'name', name: value.name };
  return { kind: 'group', group: value.group ?? '' };
}

function scopeOf(value: OneOf<{ all: true; kind: 'pipeline' | 'verifier'; group: string }>): Scope {
  if (value.kind !== undefined) return { kind: 'kind', jobKind: value.kind };
  if (value.group !== undefined) return { kind: 'group', group: value.group };
  return { kind: 'all' };
}
