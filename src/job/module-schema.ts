import { z } from 'zod';

const modulePath = z
  .string({ error: 'expected the path of a module' })
  .refine((path) => /\.[cm]?[jt]s$/.test(path), {
    error: 'expected a path that ends in .ts, .mts, .cts, .js, .mjs or .cjs',
  })
  .refine(isBelow, {
    error: 'must not leave the directory of modules (paths.modules): no .. there, or an absolute path',
  })
  .refine((path) => path.length <= 1000 && !path.includes('\0'), {
    error: 'expected at most 1000 characters, and no NUL',
  })
  .meta({ pattern: '\\.[cm]?[jt]s$', maxLength: 1000 });

const maxInputBytes = 64 * 1024;

/** What a step says of a module. */
export const moduleFields = {
  module: modulePath.optional(),
  export: z
    .string({ error: 'expected the name of an export' })
    .regex(/^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]{0,99}$/u, { error: 'expected the name of an export' })
    .optional(),
  with: z
    .unknown()
    .refine((value) => (jsonOf(value)?.length ?? Number.POSITIVE_INFINITY) <= maxInputBytes, {
      error: `expected plain data of at most ${maxInputBytes} bytes as JSON`,
    })
    .optional(),
};

/** `export` and `with` say something of a module only. */
export function demandModule(value: object, context: z.RefinementCtx): void {
  const { module, ...rest } = value as Record<string, unknown>;
  if (module !== undefined) return;
  for (const key of ['export', 'with'])
    if (rest[key] !== undefined) context.addIssue({ code: 'custom', path: [key], message: 'only goes with module' });
}

/** Whether a path stays below the directory that it begins at; absolute ones are as they are. */
export function isBelow(path: string): boolean {
  if (path.startsWith('/')) return true;
  let depth = 0;
  for (const part of path.split('/')) {
    if (part === '..') depth -= 1;
    else if (part !== '' && part !== '.') depth += 1;
    if (depth < 0) return false;
  }
  return true;
}

/** Undefined where an alias leads back to what holds it. */
function jsonOf(value: unknown): Buffer | undefined {
  try {
    return Buffer.from(JSON.stringify(value));
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return undefined;
    throw error;
  }
}
