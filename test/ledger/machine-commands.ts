import * as fc from 'fast-check';
import type { JobKind } from '../../src/job/job.ts';
import type { Wish } from '../schedule/jobs.ts';
import type { Ending } from './machine.ts';

export type Drop = Wish & { readonly id: string };
/** What may be asked for together with others, in one transaction. `pick` chooses among all claims, so that most are stale. */
export type Change =
  | { readonly kind: 'accept'; readonly drops: readonly Drop[] }
  | { readonly kind: 'claim'; readonly of: JobKind; readonly limit: number }
  | { readonly kind: 'finish'; readonly pick: number; readonly ending: Ending }
  | { readonly kind: 'release'; readonly pick: number }
  | { readonly kind: 'process'; readonly pick: number }
  | { readonly kind: 'report'; readonly pick: number };
export type Command =
  | { readonly kind: 'together'; readonly changes: readonly Change[] }
  /** The supervisor is killed; what it has just asked for was not answered. */
  | { readonly kind: 'kill'; readonly unanswered: readonly Drop[]; readonly recovers: boolean; readonly again: boolean }
  | { readonly kind: 'sweep'; readonly maxAgeMs: number; readonly maxJobs: number };

const drops = fc.array(
  fc
    .record({
      id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      token: fc.constantFrom('t1', 't1', 't2'),
      priority: fc.integer({ min: -1, max: 1 }),
      kind: fc.constantFrom('pipeline', 'pipeline', 'verifier'),
      verify: fc.boolean(),
    })
    .map((made) => (made.kind === 'verifier' ? { ...made, verify: false } : made)),
  { minLength: 1, maxLength: 3 },
);
const ending = fc.record({
  how: fc.constantFrom('succeeded', 'succeeded', 'rejected', 'crashed', 'interrupted', 'lost'),
  again: fc.constantFrom(false, false, false, true),
  at: fc.nat(20),
  logBytes: fc.nat(2),
});
const pick = fc.nat(30);
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('accept'), drops }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('claim'), of: fc.constantFrom('pipeline', 'verifier'), limit: fc.nat(3) }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('finish'), pick, ending }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('release'), pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('process'), pick }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('report'), pick }) },
);
export const commands: fc.Arbitrary<readonly Command[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('together'),
        changes: fc.array(change, { minLength: 1, maxLength: 3 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('kill'),
        unanswered: drops,
        recovers: fc.boolean(),
        again: fc.boolean(),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('sweep'), maxAgeMs: fc.nat(25), maxJobs: fc.nat(4) }) },
  ),
  { maxLength: 40, size: 'max' },
);
