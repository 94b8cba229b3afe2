import { z } from 'zod';
import type { KeyPath } from './document.ts';
import { checkValue, matches, wholePattern } from './parameter-value.ts';
import { allowedChoices, type Parameter } from './template.ts';

/** A pattern is tried on no longer values: some go back and forth over them. */
const maxMatchedLength = 1000;
/** Linux takes no longer argument or variable than 128 KiB. */
const maxLength = 32_768;
const maxParameters = 50;
const maxChoices = 1000;

const wholeNumber = z.int({ error: 'expected a whole number' });
const truth = z.boolean({ error: 'expected true or false' });
const common = {
  description: z.string({ error: 'expected text' }).max(1000, { error: 'expected at most 1000 characters' }).optional(),
  required: truth.optional(),
};
const length = wholeNumber
  .min(0, { error: 'expected at least 0' })
  .max(maxLength, { error: `expected at most ${maxLength}` });
const choice = z.union([z.string(), z.int(), z.boolean()], { error: 'expected text' }).transform(String);
const pattern = z
  .string({ error: 'expected a regular expression' })
  .max(500, { error: 'expected at most 500 characters' })
  .refine(isPattern, {
    error: 'expected a regular expression of JavaScript (flag u); it has to match the whole value',
  });

const shapes = {
  string: {
    ...common,
    type: z.literal('string'),
    default: choice.optional(),
    enum: z
      .array(choice, { error: 'expected a list of texts' })
      .min(1, { error: 'expected at least one text' })
      .max(maxChoices, { error: `expected at most ${maxChoices} texts` })
      .optional(),
    pattern: pattern.optional(),
    minLength: length.optional(),
    maxLength: length.optional(),
    allowDash: truth.optional(),
    multiline: truth.optional(),
  },
  integer: {
    ...common,
    type: z.literal('integer'),
    default: wholeNumber.optional(),
    min: wholeNumber.optional(),
    max: wholeNumber.optional(),
  },
  boolean: { ...common, type: z.literal('boolean'), default: truth.optional() },
  path: {
    ...common,
    type: z.literal('path'),
    default: z.string({ error: 'expected a path' }).optional(),
    below: z
      .string({ error: 'expected the directory that it does not leave' })
      .refine((path) => /^(?:\/(?!\.{1,2}(?:\/|$))[^/\0]+)+\/?$/.test(path), {
        error: 'expected an absolute path, without . and .. and not / itself',
      }),
  },
};
const typeHint = `expected a mapping with type: ${Object.keys(shapes).join(', ')}`;
const parameter = z
  .discriminatedUnion(
    'type',
    [
      z.strictObject(shapes.string),
      z.strictObject(shapes.integer),
      z.strictObject(shapes.boolean),
      z.strictObject(shapes.path),
    ],
    { error: typeHint },
  )
  .superRefine(demandSense);
type ParameterFile = z.output<typeof parameter>;

export const parameterName = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
const templateFields = {
  description: common.description,
  parameters: z
    .record(
      z.string().regex(parameterName, { error: 'expected a name of at most 64 letters, digits and _' }),
      parameter,
      { error: 'expected a mapping of names to parameters' },
    )
    .refine((map) => Object.keys(map).length <= maxParameters, {
      error: `expected at most ${maxParameters} parameters`,
    })
    .meta({ maxProperties: maxParameters })
    .optional(),
  allow: z
    .array(z.enum(allowedChoices, { error: `expected ${allowedChoices.join(' or ')}` }), {
      error: `expected a list of ${allowedChoices.join(' and ')}`,
    })
    .optional(),
  job: z.record(z.string(), z.unknown(), { error: 'expected a job: a mapping as in a job file' }),
};

/** Version 1 of the template file. */
export const templateFileSchema = z.strictObject(templateFields, {
  error: 'expected a mapping with parameters and job',
});

/** @param data the document, for the type of a parameter */
export function knownTemplateKeys(path: KeyPath, data: unknown): readonly string[] {
  if (path.length === 0) return Object.keys(templateFields);
  if (path[0] !== 'parameters' || path.length !== 2) return [];
  const { parameters } = data as { readonly parameters: Readonly<Record<string, { readonly type?: unknown }>> };
  const type = parameters[String(path[1])]?.type;
  return Object.keys(shapes[type as keyof typeof shapes] ?? {});
}

/** What one of a template's parameters says, with every default filled in. */
export function parameterOf(file: ParameterFile): Parameter {
  const any = {
    description: file.description ?? null,
    required: file.required ?? file.default === undefined,
  };
  switch (file.type) {
    case 'string':
      return {
        ...any,
        type: 'string',
        default: file.default ?? null,
        choices: file.enum ?? null,
        pattern: file.pattern ?? null,
        minLength: file.minLength ?? 1,
        maxLength: file.maxLength ?? maxMatchedLength,
        allowDash: file.allowDash ?? false,
        multiline: file.multiline ?? false,
      };
    case 'integer':
      // A negative number looks like an option to the program that gets it.
      return {
        ...any,
        type: 'integer',
        default: file.default ?? null,
        min: file.min ?? 0,
        max: file.max ?? 999_999_999_999_999,
      };
    case 'boolean':
      return { ...any, type: 'boolean', default: file.default ?? null };
    case 'path':
      return { ...any, type: 'path', default: file.default ?? null, below: file.below.replace(/\/$/, '') };
  }
}

function demandSense(file: ParameterFile, context: z.RefinementCtx): void {
  const issue = (key: string, message: string): void => context.addIssue({ code: 'custom', path: [key], message });
  if (file.required === true && file.default !== undefined) issue('required', 'has no meaning beside a default');
  const made = parameterOf(file);
  if (made.type === 'string') {
    if (made.minLength > made.maxLength) issue('minLength', 'is more than maxLength');
    if (made.choices)
      for (const key of ['pattern', 'minLength', 'maxLength', 'allowDash', 'multiline'] as const)
        if (file.type === 'string' && file[key] !== undefined) issue(key, 'has no meaning beside enum');
    if (made.choices?.some((text) => /[\0\r\n]/.test(text))) issue('enum', 'expected texts of one line');
    if (made.pattern !== null && made.maxLength > maxMatchedLength)
      issue('maxLength', `expected at most ${maxMatchedLength} beside a pattern`);
    if (made.pattern !== null && isPattern(made.pattern) && isSlow(made.pattern, made.maxLength))
      issue('pattern', 'takes too long on some values: no repetition within a repetition, such as (a+)+');
  }
  if (made.type === 'integer' && made.min > made.max) issue('min', 'is more than max');
  if (made.default === null) return;
  const checked = checkValue(made, made.default);
  if (!checked.ok) issue('default', checked.expected);
}

function isPattern(text: string): boolean {
  try {
    // By itself too: `a)|(b` would be one only within our own brackets, and would undo them.
    return new RegExp(text, 'u') instanceof RegExp && wholePattern(text) instanceof RegExp;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** Tries the values that make the usual slow patterns slow: one character or two over and over, and then another. */
function isSlow(pattern: string, most: number): boolean {
  const characters = [...new Set(['a', 'A', '0', ' ', ...Array.from(pattern)])].slice(0, 40);
  const repeated = characters.flatMap((one) => [one, `${one}a`]).map((text) => text.repeat(most).slice(0, most - 1));
  const values = repeated.map((text) => `${text}\u0001`);
  // Mostly all of them together take less than one may.
  return matches(pattern, ...values) === 'too-slow' && values.some((value) => matches(pattern, value) === 'too-slow');
}
