import { z } from 'zod';
import { idPattern, maxIdLength, parseJobId } from './id.ts';
import { onNewChoices, type Rate } from './order.ts';
import { maxDurationMs, milliseconds, parseDuration } from './units.ts';

/** The most jobs that one job may need. */
export const maxNeeds = 1000;

const neededId = z
  .union([z.string(), z.int()], { error: 'expected the id of a job' })
  .transform(String)
  .refine((text) => parseJobId(text) !== null, {
    error: `expected the id of a job: 1 to ${maxIdLength} letters, digits, dots, underscores or dashes`,
  })
  .meta({ pattern: idPattern.source, maxLength: maxIdLength });

const groupHint = 'expected the name of a group: 1 to 100 letters, digits, spaces or . _ : @ / + -';
const groupPattern = /^[\p{L}\p{N}][\p{L}\p{N} ._:@/+-]{0,99}$/u;
const group = z
  .union([z.string(), z.int()], { error: groupHint })
  .transform(String)
  .refine((text) => groupPattern.test(text), { error: groupHint })
  .meta({ pattern: groupPattern.source });

const concurrencyFields = {
  group,
  limit: z
    .int({ error: 'expected a whole number' })
    .min(1, { error: 'expected at least 1' })
    .max(1000, { error: 'expected at most 1000' })
    .optional(),
  onNew: z.enum(onNewChoices, { error: `expected ${onNewChoices.join(', ')}` }).optional(),
};
const concurrency = z.preprocess(
  (value) => (typeof value === 'string' || typeof value === 'number' ? { group: value } : value),
  z.strictObject(concurrencyFields, { error: 'expected the name of a group, or a mapping with group' }),
);

const ratePattern = /^([1-9]\d{0,4})\/(\d*)([a-z]{1,2})$/;
const rateHint = 'expected a number of starts in a time, such as 10/m, 1/30s or 100/h';
const rate = z
  .string({ error: rateHint })
  .refine((text) => parseRate(text) !== null, { error: rateHint })
  .transform((text): Rate => parseRate(text) ?? { starts: 1, perMs: milliseconds(1) })
  .meta({ pattern: ratePattern.source });

/** Which job goes before which. */
export const orderFields = {
  needs: z
    .preprocess(
      (value) => (Array.isArray(value) ? value : [value]),
      z
        .array(neededId, { error: 'expected a list of ids' })
        .max(maxNeeds, { error: `expected at most ${maxNeeds} ids` }),
    )
    .optional(),
  concurrency: concurrency.optional(),
  rate: rate.optional(),
};
export const concurrencyKeys: readonly string[] = Object.keys(concurrencyFields);

const maxStarts = 10_000;

/** `10/m`, `1/30s`: so many starts in so long. Null where it is anything else. */
function parseRate(text: string): Rate | null {
  const match = ratePattern.exec(text);
  if (!match) return null;
  const starts = Number(match[1]);
  const perMs = parseDuration(`${match[2] || 1}${match[3]}`);
  return perMs === null || perMs === 0 || perMs > maxDurationMs || starts > maxStarts ? null : { starts, perMs };
}

/** A job that needs itself would wait for ever. */
export function demandOrder(
  value: { readonly id?: string | undefined; readonly needs?: readonly string[] | undefined },
  context: z.RefinementCtx,
): void {
  const at = value.id === undefined ? -1 : (value.needs?.indexOf(value.id) ?? -1);
  if (at >= 0) context.addIssue({ code: 'custom', path: ['needs', at], message: 'is the job’s own id' });
}
