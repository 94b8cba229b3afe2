import type { Point } from './backlog.ts';
import type { Curve } from './chart.ts';
import { median } from './statistics.ts';

const x = 'jobs waiting';

/** What was measured at each backlog: the median of the rounds. */
function medians(
  points: readonly Point[],
  key: 'jobsPerSecond' | 'residentKb' | 'readyMs',
): (readonly [number, number])[] {
  const backlogs = [...new Set(points.map(({ waiting }) => waiting))];
  return backlogs.map((backlog) => [
    backlog,
    median(points.filter(({ waiting }) => waiting === backlog).map((point) => point[key])),
  ]);
}

/** The curves of docs/PERFORMANCE.md, by the names of their files. */
export function curvesOf(points: readonly Point[]): Readonly<Record<string, Curve>> {
  const megabytes = medians(points, 'residentKb').map(([waiting, kb]) => [waiting, Math.round(kb / 1024)] as const);
  const rounded = (key: 'jobsPerSecond' | 'readyMs') =>
    medians(points, key).map(([waiting, value]) => [waiting, Math.round(value)] as const);
  return {
    'jobs-per-second': {
      title: 'Jobs a second while others wait: 1000 × /bin/true, two at a time',
      x,
      y: 'jobs/s',
      series: [{ name: 'dropped, run and reported', points: rounded('jobsPerSecond') }],
    },
    memory: {
      title: 'Resident memory while others wait',
      x,
      y: 'MB',
      series: [{ name: 'after 1000 jobs', points: megabytes }],
    },
    'start-to-ready': {
      title: 'From the start of the program until it is ready',
      x,
      y: 'ms',
      series: [{ name: 'start to ready', points: rounded('readyMs') }],
    },
  };
}
