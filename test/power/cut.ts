import type { Evidence } from './evidence.ts';
import { oneOf, type Random } from './random.ts';

/** When the power goes: so long after the supervisor was started, or with the so-many-th acknowledgement of one kind. */
export type Cut =
  | { readonly kind: 'starting'; readonly afterMs: number }
  | { readonly kind: 'acknowledged'; readonly what: Acknowledgement; readonly count: number; readonly afterMs: number };

/** What somebody is told, and relies on from then on. */
export type Acknowledgement = 'submitted' | 'accepted' | 'refused' | 'captured' | 'ended' | 'outcome';

/** What each job brings, roughly: how many of one kind come while there is load enough for any of them. */
const mostOf: Readonly<Record<Acknowledgement, number>> = {
  submitted: 10,
  accepted: 20,
  refused: 3,
  captured: 6,
  ended: 14,
  outcome: 14,
};
const kinds = ['submitted', 'accepted', 'refused', 'captured', 'ended', 'outcome'] as const;

const startingPart = 0.2;
const longestStartMs = 6000;
/** What follows at once on an acknowledgement is where a promise is broken: half of the cuts give it no time at all. */
const noTimePart = 0.5;
const longestDelayMs = 60;

export function planCut(random: Random): Cut {
  if (random() < startingPart) return { kind: 'starting', afterMs: Math.round(random() * longestStartMs) };
  const what = oneOf(random, kinds);
  const count = 1 + Math.floor(random() * mostOf[what]);
  return {
    kind: 'acknowledged',
    what,
    count,
    afterMs: random() < noTimePart ? 0 : Math.round(random() * longestDelayMs),
  };
}

/** At the very moment of some acknowledgement of this kind. */
export const planCutAt =
  (what: Acknowledgement) =>
  (random: Random): Cut => ({
    kind: 'acknowledged',
    what,
    count: 1 + Math.floor(random() * mostOf[what]),
    afterMs: 0,
  });

export function describeCut(cut: Cut): string {
  switch (cut.kind) {
    case 'starting':
      return `${cut.afterMs} ms after the start of the supervisor`;
    case 'acknowledged':
      return `${cut.afterMs} ms after acknowledgement ${cut.count} of kind ${cut.what}`;
  }
}

/** Null for what promises nothing. */
export function acknowledgementIn(evidence: Evidence): Acknowledgement | null {
  switch (evidence.kind) {
    case 'submitted':
    case 'outcome':
      return evidence.kind;
    case 'journal':
      switch (evidence.event) {
        case 'job.accepted':
          return 'accepted';
        case 'job.refused':
          return 'refused';
        case 'job.ended':
          return 'ended';
        case 'crash.captured':
          return 'captured';
        default:
          return null;
      }
    default:
      return null;
  }
}
