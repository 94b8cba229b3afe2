import { z } from 'zod';
import type { KeyPath, Position, TextDocument } from './document.ts';
import { checkValue } from './parameter-value.ts';
import { fillInJob } from './placeholders.ts';
import { nearestOf, problemsOf, writePath } from './problems.ts';
import { accepted, type Parsed, type Refusal, refused } from './refusal.ts';
import { type JobFile, jobFileSchema, knownJobKeys } from './schema.ts';
import {
  allowedChoices,
  isTemplateName,
  type Template,
  type Templates,
  templateNamePattern,
  type Value,
  type Values,
} from './template.ts';

/** A job that a template makes of what its submitter chose. */
export interface Used {
  readonly file: JobFile;
  readonly template: string;
  readonly values: Values;
}

/** Who has more to mend than this begins with these. */
const maxProblems = 10;
/** What a submitter may always set beside the parameters. */
const ownKeys = ['id', 'needs', 'notBefore', 'expires', ...allowedChoices] as const;

const useFields = {
  uses: z
    .string({ error: 'expected the name of a template' })
    .refine(isTemplateName, { error: 'expected the name of a template: 1 to 64 letters, digits, _ or -' })
    .meta({ pattern: templateNamePattern.source }),
  with: z.record(z.string(), z.unknown(), { error: 'expected a mapping of parameters to values' }).optional(),
  ...Object.fromEntries(ownKeys.map((key) => [key, z.unknown().optional()])),
};
export const useSchema = z.strictObject(useFields, { error: 'expected a mapping' });

/** Whether a document asks for a template. */
export const isUse = (data: unknown): data is Record<string, unknown> =>
  typeof data === 'object' && data !== null && Object.hasOwn(data, 'uses');

/** Makes the job that a file with `uses` asks for, or tells every problem at once. */
export function parseUse(
  document: TextDocument,
  templates: Templates,
): Parsed<Used> & { readonly also?: readonly Refusal[] } {
  const file = useSchema.safeParse(document.data);
  if (!file.success) return several(problemsOf(file.error, document, () => Object.keys(useFields)).map(tellApart));
  const given = document.data as Readonly<Record<string, unknown>>;
  const { uses, with: chosen = {} } = file.data;
  const found = templates.find(uses);
  if (!found.ok) return refused({ ...found.refusal, key: 'uses', ...document.locate(['uses']) });
  const template = found.value;
  const values = valuesOf(template, chosen, document, templates);
  const problems = [...problemsOfKeys(given, template, document), ...values.problems];
  if (problems.length > 0) return several(problems);
  const own = Object.fromEntries(ownKeys.flatMap((key) => (given[key] === undefined ? [] : [[key, given[key]]])));
  const job = jobFileSchema.safeParse({ name: template.name, ...fillInJob(template.job, values.values), ...own });
  if (job.success) return accepted({ file: job.data, template: template.name, values: values.values });
  return several(problemsOfResult(job.error, own, template, document));
}

function several([first, ...also]: readonly Refusal[]): Parsed<never> & { readonly also: readonly Refusal[] } {
  if (!first) throw new Error('a use of a template was refused without saying why');
  return { ...refused(first), also };
}

/** Who writes `run` beside `uses` has not mistyped it. */
function tellApart(refusal: Refusal): Refusal {
  if (refusal.code !== 'UNKNOWN_KEY' || !knownJobKeys([]).includes(refusal.key ?? '')) return refusal;
  return {
    ...refusal,
    message: `${refusal.key} does not go with uses`,
    hint: `the template says what runs, and how; beside uses: ${Object.keys(useFields).slice(1).join(', ')}`,
  };
}

function problemsOfKeys(
  given: Readonly<Record<string, unknown>>,
  template: Template,
  document: TextDocument,
): Refusal[] {
  const at = (key: string): Partial<Position> => document.locate([], key) ?? {};
  const locked = allowedChoices.filter((key) => given[key] !== undefined && !template.allow.includes(key));
  const problems: Refusal[] = locked.map((key) => ({
    code: 'INVALID_VALUE',
    message: `${key}: the template ${template.name} does not let its users choose it`,
    hint: 'leave it out',
    key,
    ...at(key),
  }));
  if (given.id !== undefined && template.job.id !== undefined)
    problems.push({
      code: 'INVALID_VALUE',
      message: `id: the template ${template.name} makes the id`,
      hint: 'leave it out',
      key: 'id',
      ...at('id'),
    });
  return problems;
}

function valuesOf(
  template: Template,
  chosen: Readonly<Record<string, unknown>>,
  document: TextDocument,
  templates: Templates,
): { readonly values: Values; readonly problems: readonly Refusal[] } {
  const { parameters } = template;
  const unknown = Object.keys(chosen).filter((key) => !parameters.has(key));
  const problems = unknown.slice(0, maxProblems).map((key) => unknownParameter(key, template, document));
  const values = new Map<string, Value>();
  for (const [name, parameter] of parameters) {
    const path: KeyPath = ['with', name];
    const isGiven = Object.hasOwn(chosen, name) && chosen[name] !== null && chosen[name] !== undefined;
    if (!isGiven && parameter.required) {
      problems.push({
        code: 'MISSING_KEY',
        message: `with.${name} is missing: the template ${template.name} needs it`,
        hint: 'add it',
        key: writePath(path),
        ...(document.locate(['with']) ?? document.locate(['uses'])),
      });
      continue;
    }
    const value = isGiven ? chosen[name] : parameter.default;
    if (value === null) continue;
    const checked = checkValue(parameter, value);
    const flaw = checked.ok
      ? parameter.type === 'path'
        ? templates.flawOfPath(String(checked.value), parameter.below)
        : null
      : checked.expected;
    if (checked.ok && flaw === null) values.set(name, checked.value);
    else problems.push(badValue(path, flaw ?? '', document));
  }
  return { values, problems: problems.slice(0, maxProblems) };
}

const badValue = (path: KeyPath, flaw: string, document: TextDocument): Refusal => ({
  code: 'INVALID_VALUE',
  message: `${writePath(path)}: ${flaw}`.slice(0, 290),
  hint: 'correct the value',
  key: writePath(path),
  ...(document.locate(path) ?? document.locate(['uses'])),
});

function unknownParameter(key: string, { name, parameters }: Template, document: TextDocument): Refusal {
  const known = [...parameters.keys()];
  const nearest = nearestOf(key, known);
  return {
    code: 'UNKNOWN_KEY',
    message: `the template ${name} has no parameter ${JSON.stringify(key.slice(0, 80))}`,
    hint: nearest ? `did you mean ${JSON.stringify(nearest)}?` : `its parameters: ${known.join(', ') || 'none'}`,
    key: writePath(['with', key.slice(0, 80)]),
    ...document.locate(['with'], key),
  };
}

/** What is wrong with the whole: with what the submitter wrote, or with what the template makes of the parameters. */
function problemsOfResult(
  error: z.ZodError,
  own: Readonly<Record<string, unknown>>,
  template: Template,
  document: TextDocument,
): Refusal[] {
  const isOwn = ({ path }: z.core.$ZodIssue): boolean => Object.hasOwn(own, String(path[0]));
  const theirs = error.issues.filter((issue) => !isOwn(issue));
  return [
    ...problemsOf(new z.ZodError(error.issues.filter(isOwn)), document, knownJobKeys),
    ...problemsOf(new z.ZodError(theirs), document, knownJobKeys).map(
      ({ message, key }): Refusal => ({
        code: 'INVALID_VALUE',
        message: `with these parameters the template ${template.name} makes no job: ${message}`.slice(0, 290),
        hint: key === undefined ? 'choose other values' : `choose other values: they become a part of ${key}`,
        key: 'with',
        ...(document.locate([], 'with') ?? document.locate(['uses'])),
      }),
    ),
  ];
}
