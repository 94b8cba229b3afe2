import { z } from 'zod';
import type { KeyPath } from '../job/document.ts';
import { isTemplateName } from '../job/template.ts';
import type { Access, Policy } from './policy.ts';

const account = z
  .union([z.string(), z.int().min(0)], { error: 'expected a name or a number' })
  .transform(String)
  .refine((text) => text.length > 0 && text.length <= 256 && !/^\s|\s$|[/:,\u0000-\u001f\u007f]/.test(text), {
    error: 'expected a name or a number',
  });
const accounts = z
  .array(account, { error: 'expected a list of names or numbers' })
  .max(1000, { error: 'expected at most 1000' })
  .optional();

const people = { users: accounts, groups: accounts };
const accessHint = 'expected allow, deny, or a mapping with users and groups';
/** The two words stand for a mapping, so that what is wrong in the other form is told by its own key. */
const access = z.preprocess(
  (value) => (value === 'allow' || value === 'deny' ? { access: value } : value),
  z
    .strictObject(
      { ...people, access: z.enum(['allow', 'deny'], { error: accessHint }).optional() },
      { error: accessHint },
    )
    .transform(({ access: word, users, groups }): Access => word ?? { users: users ?? [], groups: groups ?? [] }),
);

const templateName = z.string().refine(isTemplateName, { error: 'expected the name of a template' });
const secretName = z.string().regex(/^(?!SENTRY_|BOOTY_)[A-Za-z_][A-Za-z0-9_]{0,99}$/, {
  error: 'expected the name of a variable in secrets.env; SENTRY_… reaches no job',
});

export const policyShape = {
  inline: access.optional(),
  templates: z.record(templateName, access, { error: 'expected a mapping of templates to who may use them' }).nullish(),
  secrets: z
    .record(secretName, z.array(templateName, { error: 'expected a list of templates' }), {
      error: 'expected a mapping of secrets to the templates whose jobs get them',
    })
    .nullish(),
};

interface PolicyFile {
  readonly inline?: Access | undefined;
  readonly templates?: Readonly<Record<string, Access>> | null | undefined;
  readonly secrets?: Readonly<Record<string, readonly string[]>> | null | undefined;
}

/** @param file null where there is no policy. `templates:` with nothing below it lists none, and so denies all. */
export const policyOf = (file: PolicyFile | null | undefined): Policy => ({
  inline: file?.inline ?? 'allow',
  templates: file?.templates === undefined ? null : new Map(Object.entries(file.templates ?? {})),
  secrets: new Map(Object.entries(file?.secrets ?? {})),
});

export const policyKeys = (at: KeyPath): readonly string[] =>
  at.length === 1 ? Object.keys(policyShape) : at[1] === 'secrets' ? [] : Object.keys(people);
