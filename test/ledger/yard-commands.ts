import * as fc from 'fast-check';
import type { JobKind } from '../../src/job/job.ts';
import { onNewChoices } from '../../src/job/order.ts';
import type { judgements } from '../schedule/jobs.ts';
import type { YardTarget, YardWish } from '../schedule/yard.ts';

/** Times are counted from the moment of the drop. */
export interface Drop {
  readonly id: string;
  readonly wish: YardWish;
}

export type Command =
  | { readonly kind: 'accept'; readonly drops: readonly Drop[] }
  | { readonly kind: 'claim'; readonly of: JobKind; readonly limit: number }
  /** `pick` chooses among all claims that there ever were. */
  | {
      readonly kind: 'finish';
      readonly pick: number;
      readonly how: keyof typeof judgements;
      readonly again: boolean;
      readonly delay: number | null;
      readonly late: number;
    }
  | { readonly kind: 'release-claim'; readonly pick: number }
  /** So much time passes: less than none where the clock is set back. */
  | { readonly kind: 'pass'; readonly by: number }
  | { readonly kind: 'attend' }
  | { readonly kind: 'restart' }
  | { readonly kind: 'age'; readonly aging: number | null }
  | { readonly kind: 'cancel' | 'hold' | 'release'; readonly target: YardTarget }
  | { readonly kind: 'prioritize'; readonly target: YardTarget; readonly priority: number }
  | { readonly kind: 'retry'; readonly id: string; readonly newId: string | null }
  | { readonly kind: 'pause' | 'resume'; readonly scope: string };

const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p'] as const;
const id = fc.constantFrom(...ids);
const names = ['deploy', 'backup'] as const;
const priority = fc.integer({ min: -2, max: 2 });
const of = fc.constantFrom<JobKind[]>('pipeline', 'pipeline', 'verifier');
const pick = fc.nat(60);

const groupOf = (name: string) =>
  fc.record({
    name: fc.constant(name),
    limit: fc.constantFrom(1, 1, 2, 3),
    onNew: fc.constantFrom(...onNewChoices, 'queue' as const, 'queue' as const),
  });
const group = fc.oneof(
  { weight: 2, arbitrary: fc.constant(null) },
  { weight: 3, arbitrary: groupOf('east') },
  { weight: 2, arbitrary: groupOf('west') },
);
/** The window of each lane never changes: what happened before a longer one was asked for is not known. */
const rateIn = (perMs: number) =>
  fc.option(fc.record({ starts: fc.integer({ min: 1, max: 3 }), perMs: fc.constant(perMs) }), { freq: 1 });
const windows: Readonly<Record<string, number>> = { east: 10, west: 25, deploy: 15, backup: 7 };

const sometimes = (at: fc.Arbitrary<number>) =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: at });
const wishOf = (kind: JobKind, groups: typeof group): fc.Arbitrary<YardWish> =>
  fc.record({ name: fc.constantFrom(...names), group: groups }).chain(({ name, group: chosen }) =>
    fc.record({
      kind: fc.constant(kind),
      name: fc.constant(name),
      group: fc.constant(chosen),
      priority,
      needs: fc.oneof(
        { weight: 4, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.uniqueArray(id, { minLength: 1, maxLength: 3 }) },
      ),
      rate: rateIn(windows[chosen?.name ?? name] ?? 1),
      notBefore: sometimes(fc.integer({ min: 0, max: 11 })),
      expires: sometimes(fc.integer({ min: 0, max: 40 })),
      verify: fc.constant(null),
    }),
  );

/** A verifier of a pipeline waits for no others, and in no group that its pipeline could hold. */
const check: fc.Arbitrary<YardWish> = wishOf('verifier', fc.option(groupOf('check'), { freq: 2 })).map((wish) => ({
  ...wish,
  name: 'check',
  needs: [],
  rate: wish.group && wish.rate ? { ...wish.rate, perMs: 5 } : null,
  notBefore: null,
  expires: null,
}));
const wish = fc
  .record({ pipeline: wishOf('pipeline', group), verifier: wishOf('verifier', group), check, which: fc.nat(3) })
  .map(({ pipeline, verifier, check: checked, which }) => {
    if (which === 0) return verifier;
    return which === 1 ? { ...pipeline, verify: checked } : pipeline;
  });
const drops = fc.array(fc.record({ id, wish }), { minLength: 1, maxLength: 4 });

const target: fc.Arbitrary<YardTarget> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('id' as const), value: id }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('id' as const), value: id.map((text) => `${text}+verify`) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('name' as const), value: fc.constantFrom(...names) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('group' as const), value: fc.constantFrom('east', 'west') }) },
);
const finish = fc.record({
  kind: fc.constant('finish' as const),
  pick,
  how: fc.constantFrom<(keyof typeof judgements)[]>(
    'succeeded',
    'succeeded',
    'rejected',
    'crashed',
    'interrupted',
    'lost',
  ),
  again: fc.constantFrom(false, false, true),
  delay: fc.option(fc.integer({ min: 0, max: 20 }), { freq: 3 }),
  late: fc.constantFrom(0, 0, 0, 3),
});

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('accept' as const), drops }) },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('claim' as const), of, limit: fc.constantFrom(1, 2, 99) }) },
  { weight: 10, arbitrary: finish },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('release-claim' as const), pick }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), by: fc.constantFrom(1, 3, 5, 10, 30, -4, -12) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('attend' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('age' as const), aging: fc.constantFrom(null, 5, 20) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom('cancel' as const, 'hold', 'release', 'release'), target }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('prioritize' as const), target, priority }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('retry' as const), id, newId: fc.option(id, { freq: 1 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('pause' as const, 'resume', 'resume'),
      scope: fc.constantFrom('all', 'kind:pipeline', 'kind:verifier', 'group:east', 'group:west'),
    }),
  },
);
export const commands: fc.Arbitrary<readonly Command[]> = fc.array(command, {
  minLength: 10,
  maxLength: 70,
  size: 'max',
});
