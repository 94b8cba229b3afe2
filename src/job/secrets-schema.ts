import { z } from 'zod';

const hint = 'expected a list of names of variables in secrets.env';
const secretName = z
  .string({ error: 'expected the name of a variable in secrets.env' })
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, { error: 'expected a variable name of letters, digits and _' })
  .refine((text) => !text.startsWith('BOOTY_'), { error: 'BOOTY_… is Booty’s own' })
  // Whoever has the DSN can send what he likes to the project.
  .refine((text) => !text.startsWith('SENTRY_'), { error: 'SENTRY_… is for Booty alone, and reaches no job' })
  .meta({ not: { pattern: '^(?:BOOTY|SENTRY)_' } });

/** Which variables of secrets.env reach the environment. */
export const secretFields = {
  secrets: z
    .array(secretName, { error: hint })
    .min(1, { error: hint })
    .max(20, { error: 'expected at most 20 names' })
    .optional(),
};

export const secretsOf = ({ secrets }: { readonly secrets?: readonly string[] | undefined }): readonly string[] => [
  ...new Set(secrets),
];
