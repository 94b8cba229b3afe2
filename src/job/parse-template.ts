import { type KeyPath, parseDocument, type TextDocument } from './document.ts';
import { flawOfPlace } from './placeholder-places.ts';
import { fillIn, findPlaceholders, type Placed, withInputs } from './placeholders.ts';
import { nearestOf, problemsOf, writePath } from './problems.ts';
import { accepted, type Parsed, type Refusal, refused } from './refusal.ts';
import { jobFileSchema, knownJobKeys } from './schema.ts';
import { type Template, variableOf } from './template.ts';
import { knownTemplateKeys, parameterOf, templateFileSchema } from './template-schema.ts';

/** Reads a template file, with every problem that it has told at once: the first as the refusal, the others in `also`. */
export function parseTemplate(
  name: string,
  content: Uint8Array,
): Parsed<Template> & { readonly also?: readonly Refusal[] } {
  const document = parseDocument(content);
  if (!document.ok) return document;
  const { data } = document.value;
  const file = templateFileSchema.safeParse(data);
  if (!file.success) return several(problemsOf(file.error, document.value, (path) => knownTemplateKeys(path, data)));
  const { description, parameters = {}, allow = [], job } = file.data;
  const template: Template = {
    name,
    description: description ?? null,
    parameters: new Map(Object.entries(parameters).map(([key, value]) => [key, parameterOf(value)])),
    allow: [...new Set(allow)],
    job,
  };
  const problems = problemsOfJob(template, document.value);
  return problems.length === 0 ? accepted(template) : several(problems);
}

function several([first, ...also]: readonly Refusal[]): Parsed<never> & { readonly also: readonly Refusal[] } {
  if (!first) throw new Error('a template was refused without saying why');
  return { ...refused(first), also };
}

/** Stands for any value, wherever a placeholder may stand. */
const sample = 'x';

function problemsOfJob(template: Template, document: TextDocument): Refusal[] {
  if (Object.hasOwn(template.job, 'uses'))
    return [
      {
        code: 'INVALID_VALUE',
        message: 'job.uses: a template cannot use another',
        hint: 'write its job out',
        key: 'job.uses',
        ...document.locate(['job'], 'uses'),
      },
    ];
  const placed = findPlaceholders(template.job);
  if (placed === null)
    return [{ code: 'SYNTAX', message: 'job: nested too deeply', hint: 'it must not refer to itself', key: 'job' }];
  const misplaced = placed.flatMap((one) => problemOfPlaceholder(one, template, document) ?? []);
  if (misplaced.length > 0) return misplaced;
  const clashing = problemsOfInputs(template, document);
  const inputs = Object.fromEntries([...template.parameters.keys()].map((name) => [name, sample]));
  const result = jobFileSchema.safeParse(withInputs(fillIn(template.job, () => sample) as Template['job'], inputs));
  return result.success
    ? clashing
    : [...clashing, ...problemsOf(result.error, within('job', document), knownJobKeys).map((one) => ofKey('job', one))];
}

/** The part of the document below a key, as if it were the whole. */
const within = (key: string, document: TextDocument): TextDocument => ({
  data: (document.data as Record<string, unknown>)[key],
  locate: (path, inside) => document.locate([key, ...path], inside),
});

const ofKey = (key: string, refusal: Refusal): Refusal => ({
  ...refusal,
  message: `${key}: ${refusal.message}`,
  key: refusal.key === undefined ? key : `${key}.${refusal.key}`,
});

function problemOfPlaceholder(
  { path, parameter, inKey }: Placed,
  template: Template,
  document: TextDocument,
): Refusal | null {
  const told = (message: string, hint: string): Refusal => ({
    code: 'INVALID_VALUE',
    message: `${writePath(['job', ...path])}: ${message}`,
    hint,
    key: writePath(['job', ...path]),
    ...positionOf(path, inKey, document),
  });
  const names = [...template.parameters.keys()];
  if (parameter === null)
    return told('what follows ${{ is not understood', 'write ${{ with.NAME }}, with the name of a parameter');
  const declared = template.parameters.get(parameter);
  if (!declared) {
    const nearest = nearestOf(parameter, names);
    return told(
      `there is no parameter ${JSON.stringify(parameter)}`,
      nearest ? `did you mean ${JSON.stringify(nearest)}?` : `parameters: ${names.join(', ') || 'none'}`,
    );
  }
  const flaw = inKey ? 'it has no meaning in the name of a key' : flawOfPlace(path, template.job);
  if (flaw !== null)
    return told(
      `no placeholder may stand here: ${flaw}`,
      `the parameter is there as "$${variableOf(parameter)}" in the environment`,
    );
  if (declared.default === null && !declared.required)
    return told(`the parameter ${parameter} may be missing`, 'give it a default, or let it be required');
  return null;
}

const positionOf = (path: KeyPath, inKey: boolean, document: TextDocument): { line?: number; column?: number } =>
  (inKey ? document.locate(['job', ...path.slice(0, -1)], String(path.at(-1))) : document.locate(['job', ...path])) ??
  {};

/** What a module gets has to say clearly which of it a submitter chose. */
function problemsOfInputs({ job, parameters }: Template, document: TextDocument): Refusal[] {
  const { steps, verify } = job;
  const each = (key: string, value: unknown): (readonly [KeyPath, unknown])[] =>
    Array.isArray(value) ? value.map((item: unknown, index) => [[key, index], item] as const) : [[[key], value]];
  const parts = [[[], job] as const, ...each('steps', steps), ...each('verify', verify)];
  return parts.flatMap(([path, part]): Refusal[] => {
    if (typeof part !== 'object' || part === null || !('module' in part) || !('with' in part)) return [];
    const at: KeyPath = ['job', ...path, 'with'];
    const input = part.with;
    const isMapping = typeof input === 'object' && input !== null && !Array.isArray(input);
    const clash = isMapping ? Object.keys(input).find((key) => parameters.has(key)) : undefined;
    if (isMapping && clash === undefined) return [];
    const message = clash === undefined ? 'expected a mapping' : `${clash} is a parameter`;
    const hint = clash === undefined ? 'the parameters are put into it' : 'choose another name';
    return [
      {
        code: 'INVALID_VALUE',
        message: `${writePath(at)}: ${message}`,
        hint,
        key: writePath(at),
        ...document.locate(at),
      },
    ];
  });
}
