import { z } from 'zod';
import { ownRefusal } from './problems.ts';

/**
 * Known, so that whoever asks for these walls is told that there are none, rather than that the key is a slip.
 * A job that wants them must not run without them.
 */
export const isolationFields = {
  isolation: z
    .enum(['unit'], { error: 'expected unit' })
    .refine(() => false, {
      error: 'this version does not run a job as a unit of its own',
      params: ownRefusal({
        code: 'ISOLATION_UNAVAILABLE',
        hint: 'leave it out, and the walls of booty.service hold; for stronger ones: OPERATIONS.md, Hardening',
      }),
    })
    .meta({ not: {} })
    .optional(),
};
