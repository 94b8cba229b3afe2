import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Ledger } from '../src/ledger/ledger.ts';
import { runJobs } from './booty.ts';
import { command, limitFor } from './contender.ts';
import { fill } from './filler.ts';
import { runOwn } from './own.ts';
import type { Context, Found } from './part.ts';
import type { Row } from './row.ts';
import { acceptable, alone, now, success } from './sample-jobs.ts';
import { median, ratios } from './statistics.ts';
import { Supervisor } from './supervisor.ts';

/*
 * What a job costs while so many others wait. Twice: the ledger's own calls, each a transaction of its own; and the
 * release, which runs dropped jobs of a higher priority before those that wait.
 */

const few = 1000;
const calls = 100;
const settleMs = 1000;
/** Of a ratio of two times on a busy machine: what grows with the backlog would be beyond it many times. */
const farOffRatio = 4;

type Call = 'accept' | 'claim' | 'finish';
type Times = Readonly<Record<Call, number>>;

/** One backlog: its root holds a ledger with so many jobs that wait. */
interface Backlog {
  readonly waiting: number;
  readonly root: string;
}

export interface Point {
  readonly waiting: number;
  readonly jobsPerSecond: number;
  readonly readyMs: number;
  readonly residentKb: number;
}

const ledgerOf = (root: string): string => join(root, 'lib', 'ledger.db');

async function prepare(context: Context, waiting: number): Promise<Backlog> {
  const { directory, signal } = context;
  const root = join(directory, `waiting-${waiting}`);
  mkdirSync(join(root, 'lib'), { recursive: true });
  if (waiting > 0) await fill('waiting', ledgerOf(root), waiting, signal);
  await runOwn(['sync', '-f', root], { cwd: root, limitMs: 300_000, signal });
  return { waiting, root };
}

/** Medians in milliseconds. Runs some of the backlog's jobs beside its own, as it comes. */
async function timeCalls({ root }: Backlog, round: number): Promise<Times> {
  using ledger = new Ledger(ledgerOf(root));
  const times: Record<Call, number[]> = { accept: [], claim: [], finish: [] };
  const timed = async <Result>(call: Call, work: () => Promise<Result>): Promise<Result> => {
    await alone();
    const from = performance.now();
    const result = await work();
    times[call].push(performance.now() - from);
    return result;
  };
  for (let index = 0; index < calls; index += 1) {
    const job = acceptable({ id: `timed-${round}-${index}`, priority: 100, command: [command] });
    await timed('accept', () => ledger.accept([job], now));
    const [claim] = await timed('claim', () => ledger.claim('pipeline', 1, now));
    if (claim?.job.id !== job.id) throw new Error('another job was claimed than the one that should run first');
    await timed('finish', () => ledger.finish(claim, success));
    await ledger.reported(claim.job.id);
  }
  return { accept: median(times.accept), claim: median(times.claim), finish: median(times.finish) };
}

/** Starts the release on it, and has it run jobs that go before all others. */
async function timeRelease(
  { program, settings, signal }: Context,
  { waiting, root }: Backlog,
  round: number,
): Promise<Point> {
  await using supervisor = await Supervisor.start(program.path, root, signal, 'concurrency: { pipeline: 2 }\n');
  const { jobs } = settings;
  const task = { jobs, directory: root, limitMs: limitFor(jobs), signal };
  const { seconds } = await runJobs(supervisor, `first-${round}`, task, 'priority: 100\n');
  return {
    waiting,
    jobsPerSecond: jobs / seconds,
    readyMs: supervisor.readyMs,
    residentKb: supervisor.residentKb(),
  };
}

/** Starts it, paused: what it needs to know of so many that wait. */
async function residentWaiting({ program, signal }: Context, { root }: Backlog): Promise<number> {
  {
    using ledger = new Ledger(ledgerOf(root));
    await ledger.control({ kind: 'pause', scope: { kind: 'all' } }, now);
  }
  await using supervisor = await Supervisor.start(program.path, root, signal);
  await sleep(settleMs);
  return supervisor.residentKb();
}

export async function measureBacklog(context: Context): Promise<Found> {
  const { settings, tell } = context;
  const backlogs: Backlog[] = [];
  for (const waiting of new Set([...settings.backlogs, few])) {
    tell(`a ledger with ${waiting} that wait`);
    backlogs.push(await prepare(context, waiting));
  }
  const [small, large] = [few, settings.many].map((count) => backlogs.find(({ waiting }) => waiting === count));
  if (!small || !large) throw new Error('a backlog is missing');
  const callTimes: { readonly few: Times; readonly many: Times }[] = [];
  for (let round = 0; round < settings.rounds; round += 1) {
    // Turn and turn about: whatever else the machine does slows both.
    const first = round % 2 === 0;
    const one = await timeCalls(first ? small : large, round);
    const other = await timeCalls(first ? large : small, round);
    callTimes.push(first ? { few: one, many: other } : { few: other, many: one });
  }
  const points: Point[] = [];
  for (let round = 0; round < settings.rounds; round += 1) {
    for (const backlog of round % 2 === 0 ? backlogs : backlogs.toReversed()) {
      const point = await timeRelease(context, backlog, round);
      points.push(point);
      tell(
        `round ${round + 1} of ${settings.rounds}: ${point.waiting} wait: ${point.jobsPerSecond.toFixed(0)} jobs/s, ready after ${point.readyMs.toFixed(0)} ms`,
      );
    }
  }
  const empty = await residentWaiting(context, await prepare(context, 0));
  const full = await residentWaiting(context, large);
  const data = { callTimes, points, resident: { empty, full } };
  return { rows: rowsOf(settings.many, data), data };
}

function rowsOf(
  many: number,
  {
    callTimes,
    points,
    resident,
  }: {
    readonly callTimes: readonly { readonly few: Times; readonly many: Times }[];
    readonly points: readonly Point[];
    readonly resident: { readonly empty: number; readonly full: number };
  },
): readonly Row[] {
  const target = { is: 'at most', value: 1.2, farOff: farOffRatio } as const;
  const called = (['accept', 'claim', 'finish'] as const).map((call): Row => {
    const [of, beside] = [callTimes.map((times) => times.many[call]), callTimes.map((times) => times.few[call])];
    const note = `${(1000 * median(of)).toFixed(0)} µs, a transaction each; with ${few}: ${(1000 * median(beside)).toFixed(0)} µs`;
    return {
      what: `${many} wait: ${call === 'claim' ? 'dispatch' : call} a job, to ${few} waiting`,
      value: median(ratios(of, beside)),
      unit: '×',
      target,
      note,
    };
  });
  const at = (waiting: number): readonly Point[] => points.filter((point) => point.waiting === waiting);
  const seconds = (waiting: number): number[] => at(waiting).map(({ jobsPerSecond }) => 1 / jobsPerSecond);
  const [fast, slow] = [
    median(at(few).map(({ jobsPerSecond }) => jobsPerSecond)),
    median(at(many).map(({ jobsPerSecond }) => jobsPerSecond)),
  ];
  return [
    ...called,
    {
      what: `${many} wait: a whole job of the release, to ${few} waiting`,
      value: median(ratios(seconds(many), seconds(few))),
      unit: '×',
      target,
      note: `${slow.toFixed(0)} and ${fast.toFixed(0)} jobs/s`,
    },
    {
      what: `start to ready, ${many} wait`,
      value: median(at(many).map(({ readyMs }) => readyMs)),
      unit: 'ms',
      target: { is: 'at most', value: 500 },
      note: '',
    },
    {
      what: `resident, ${many} wait: more than empty`,
      value: (resident.full - resident.empty) / 1024,
      unit: 'MB',
      target: { is: 'at most', value: 40 },
      note: `${(resident.full / 1024).toFixed(0)} MB`,
    },
  ];
}
