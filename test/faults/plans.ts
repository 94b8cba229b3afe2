import type { Moment, Operation } from './control.ts';
import { type Kill, kindOf, patternOf } from './crash-points.ts';
import type { Point } from './faulty-supervisor.ts';

type Random = () => number;

/** How far into its start the second supervisor dies, where two die: the most points. */
const recoveryPoints = 150;

/** The moments of a point: only a write can be half done. */
const momentsOf = (point: Point): readonly Moment[] =>
  point.bytes > 1 ? ['before', 'middle', 'after'] : ['before', 'after'];

/** A death at each moment of each point, and for each point a second death in the start that follows; in an order of chance. */
export function everyDeath(points: readonly Point[], random: Random): (readonly Kill[])[] {
  const once = points.flatMap((point) => momentsOf(point).map((moment) => [{ moment, aim: { only: point.number } }]));
  const twice = points.map((point) => [
    { moment: pick(momentsOf(point), random), aim: { only: point.number } },
    laterDeath(random),
  ]);
  return shuffled<readonly Kill[]>([...once, ...twice], random);
}

/**
 * One death for each kind of point, at one of its points; and some with a second in the start that follows. What
 * is before a change is after the one before it.
 */
export function someDeaths(points: readonly Point[], twice: number, random: Random): (readonly Kill[])[] {
  const kinds = Map.groupBy(points, kindOf);
  const once = [...kinds.values()].map((alike) => [deathAt(alike, random)]);
  const both = Array.from({ length: twice }, () => [
    deathAt(pick([...kinds.values()], random), random),
    laterDeath(random),
  ]);
  return shuffled<readonly Kill[]>([...once, ...both], random);
}

/** Numbers differ from run to run; which one of its kind a point is does not. */
function deathAt(alike: readonly Point[], random: Random): Kill {
  const point = pick(alike, random);
  const aim = {
    operations: [point.operation as Operation],
    pattern: patternOf(point.path),
    only: alike.indexOf(point) + 1,
  };
  return { moment: point.bytes > 1 ? pick(['middle', 'after'], random) : 'after', aim };
}

/** A death at the first point of this kind: if any comes, that does. */
export const firstDeath = (alike: readonly Point[]): Kill => deathAt(alike.slice(0, 1), () => 0);

const laterDeath = (random: Random): Kill => ({
  moment: pick(['before', 'middle', 'after'], random),
  aim: { only: 1 + Math.floor(random() * recoveryPoints) },
});

function pick<Item>(items: readonly Item[], random: Random): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('there is nothing to choose from');
  return item;
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
