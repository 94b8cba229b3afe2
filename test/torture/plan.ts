import type { Behaviour } from '../harness/behaviour.ts';
import { type BadKind, badKinds } from './bad-files.ts';
import { jobKinds } from './job-kinds.ts';
import { Random } from './random.ts';

/** What is dropped. Keys are never used twice. */
export type Drop =
  | {
      readonly kind: 'job';
      readonly jobKind: string;
      readonly key: string;
      readonly how: 'rename' | 'in-place' | 'submit';
    }
  /** Two files with the same id at the same time. */
  | { readonly kind: 'twins'; readonly jobKind: string; readonly key: string }
  | { readonly kind: 'bad'; readonly badKind: BadKind; readonly key: string }
  /** The id of the job that was dropped so many jobs ago, once that has ended. */
  | { readonly kind: 'again'; readonly jobsAgo: number; readonly key: string };

/** What tells the moment of a blow: a line of the journal, or a file that came or went. */
export type Sign = keyof typeof signs | 'supervisor.draining';
const signs = {
  'job.accepted': 10,
  'job.refused': 2,
  'attempt.started': 10,
  'crash.captured': 12,
  'attempt.ended': 4,
  'job.ended': 10,
  'outbox.delivered': 3,
  'supervisor.ready': 6,
  /** Something came into, or left, the directory of claimed files. */
  claimed: 10,
  envelope: 5,
  outcome: 8,
} as const;

export type Trigger =
  | { readonly kind: 'time'; readonly afterMs: number }
  | { readonly kind: 'sign'; readonly sign: Sign; readonly nth: number; readonly afterMs: number };

export type Aim = 'leader' | 'child' | 'group' | 'stray';

export type Blow =
  | { readonly kind: 'kill' }
  | { readonly kind: 'kill-job'; readonly aim: Aim; readonly choice: number }
  | { readonly kind: 'kill-both'; readonly first: 'supervisor' | 'jobs' }
  | { readonly kind: 'term' }
  /** SIGKILL so long after the drain began, or after the TERM where none begins. */
  | { readonly kind: 'term-kill'; readonly afterMs: number }
  | { readonly kind: 'term-term'; readonly afterMs: number }
  | { readonly kind: 'stop-cont'; readonly forMs: number }
  | { readonly kind: 'stop-kill'; readonly forMs: number }
  /** Nothing has changed, and nothing may change. */
  | { readonly kind: 'reload' }
  /** A second supervisor on the same directories. */
  | { readonly kind: 'rival' };

const blows: Readonly<Record<Blow['kind'], number>> = {
  kill: 38,
  'kill-job': 28,
  'kill-both': 8,
  term: 4,
  'term-kill': 7,
  'term-term': 3,
  'stop-cont': 1.5,
  'stop-kill': 5,
  rival: 5,
  reload: 2,
};

/** Longer than every timer of the configuration and every limit of a job. */
const longStopMs = 3200;

export interface Round {
  readonly drops: readonly Drop[];
  /** How many of them are dropped before a supervisor is started, where none runs. */
  readonly early: number;
  readonly trigger: Trigger;
  readonly blow: Blow;
  /** Nothing happens for so long after the blow. */
  readonly restMs: number;
  readonly weather: Behaviour;
}

/** All that is decided about a round: the same for the same seed. */
export function planRound(seed: number, number: number): Round {
  const random = new Random(seed, 1, number);
  const drops = planDrops(random, number);
  return {
    drops,
    early: random.between(0, drops.length),
    trigger: planTrigger(random),
    blow: planBlow(random),
    restMs: random.chance(0.3) ? random.between(0, 250) : 0,
    weather: weatherOf(new Random(seed, 2, Math.floor(number / 5))),
  };
}

function planDrops(random: Random, round: number): Drop[] {
  const burst = random.chance(0.03);
  const count = burst ? 30 : random.between(2, 5);
  const weights = Object.fromEntries(Object.entries(jobKinds).map(([kind, { weight }]) => [kind, weight]));
  return Array.from({ length: count }, (_, slot): Drop => {
    const key = `r${round}-${slot}`;
    if (burst) return { kind: 'job', jobKind: 'quick', key, how: 'rename' };
    const what = random.weighted({ job: 80, twins: 3, bad: 12, again: 5 });
    const jobKind = random.weighted(weights);
    switch (what) {
      case 'job':
        return { kind: 'job', jobKind, key, how: random.weighted({ rename: 88, 'in-place': 10, submit: 2 }) };
      case 'twins':
        return { kind: 'twins', jobKind: jobKind === 'script' || jobKind === 'poison' ? 'quick' : jobKind, key };
      case 'bad':
        return { kind: 'bad', badKind: random.weighted(badKinds), key };
      case 'again':
        return { kind: 'again', jobsAgo: random.between(15, 60), key };
    }
  });
}

function planTrigger(random: Random): Trigger {
  if (random.chance(0.35)) return { kind: 'time', afterMs: random.between(0, 700) };
  const afterMs = random.chance(0.5) ? 0 : random.between(1, 10);
  return { kind: 'sign', sign: random.weighted(signs), nth: random.between(1, 4), afterMs };
}

function planBlow(random: Random): Blow {
  const kind = random.weighted(blows);
  switch (kind) {
    case 'kill':
    case 'term':
    case 'rival':
    case 'reload':
      return { kind };
    case 'kill-job':
      return { kind, aim: random.weighted({ leader: 4, child: 3, group: 2, stray: 1 }), choice: random.fraction() };
    case 'kill-both':
      return { kind, first: random.pick(['supervisor', 'jobs']) };
    case 'term-kill':
      return { kind, afterMs: random.between(0, 450) };
    case 'term-term':
      return { kind, afterMs: random.between(0, 250) };
    case 'stop-cont':
      return { kind, forMs: longStopMs };
    case 'stop-kill':
      return { kind, forMs: random.between(0, 400) };
  }
}

function weatherOf(random: Random): Behaviour {
  switch (random.weighted({ good: 60, refusing: 10, hanging: 10, failing: 8, limiting: 6, small: 6 })) {
    case 'good':
      return { kind: 'accept' };
    case 'refusing':
      return { kind: 'refuse' };
    case 'hanging':
      return { kind: 'hang' };
    case 'failing':
      return { kind: 'answer', status: 503 };
    case 'limiting':
      return { kind: 'answer', status: 429, headers: { 'Retry-After': '1' } };
    case 'small':
      return { kind: 'too-large' };
  }
}
