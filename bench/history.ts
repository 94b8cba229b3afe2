import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { milliseconds } from '../src/job/units.ts';
import { History } from '../src/ledger/history.ts';
import { Ledger } from '../src/ledger/ledger.ts';
import { fill } from './filler.ts';
import { runOwn } from './own.ts';
import type { Context, Found } from './part.ts';
import { ping } from './ping.ts';
import type { Row } from './row.ts';
import { now } from './sample-jobs.ts';
import { median, percentile } from './statistics.ts';
import { Supervisor } from './supervisor.ts';

const commandLimitMs = 60_000;
const sweepLimitMs = 120_000;
/** What a sweep removes, where there is so much: a twentieth is when it comes early. */
const swept = 10_000;
const years = milliseconds(100 * 365 * 86_400_000);

/** What people ask of a history, as arguments of booty. */
const questions: readonly (readonly string[])[] = [
  ['list'],
  ['list', '--state', 'waiting'],
  ['list', '--state', 'running'],
  ['list', '--state', 'ended'],
  ['list', '--state', 'crashed'],
  ['list', '--state', 'skipped'],
  ['list', '--kind', 'verifier'],
  ['list', '--kind', 'verifier', '--state', 'succeeded'],
  ['list', '--name', 'recurring-7'],
  ['list', '--name', 'nobody'],
  ['list', '--name', 'recurring-7', '--state', 'cancelled'],
  ['status'],
];

interface Asked {
  readonly question: string;
  readonly ms: number;
}

/** The whole command, from its start to its end: the median of some. */
async function ask({ program, settings, signal }: Context, root: string, args: readonly string[]): Promise<Asked> {
  const times: number[] = [];
  const argv = [program.path, ...args, '--root', root] as const;
  const env = { BOOTY_NODE: process.env.BOOTY_NODE ?? process.execPath };
  for (let run = 0; run < settings.asks; run += 1) {
    const { seconds } = await runOwn(argv, { cwd: root, env, limitMs: commandLimitMs, signal });
    times.push(1000 * seconds);
  }
  return { question: args.join(' '), ms: median(times) };
}

interface Looked {
  readonly longestMs: number;
  readonly totalMs: number;
}

interface Removed {
  /** Round trips in milliseconds. */
  readonly idle: readonly number[];
  readonly during: readonly number[];
  /** The journal's line. */
  readonly told: string;
}

/** The longest that one turn of the loop stands still for a sweep; nothing of the ledger is changed. */
function longestLook(ledgerPath: string, kept: number): Looked {
  using ledger = new Ledger(ledgerPath);
  const limits = { maxAgeMs: years, maxJobs: kept };
  const times: number[] = [];
  const timed = (work: () => unknown): void => {
    const from = performance.now();
    work();
    times.push(performance.now() - from);
  };
  timed(() => ledger.retention.expired(limits, now));
  timed(() => ledger.retention.logBytes());
  return { longestMs: Math.max(...times), totalMs: times.reduce((sum, time) => sum + time, 0) };
}

/** Has the release remove the oldest, and asks it all the while how long its loop keeps others waiting. */
async function sweep({ program, signal }: Context, root: string, kept: number): Promise<Removed> {
  const configuration = keeping(kept);
  await using supervisor = await Supervisor.start(program.path, root, signal, configuration);
  const told = (): string | undefined => supervisor.journal().find((line) => line.includes('retention.swept'));
  const during: number[] = [];
  const limit = performance.now() + sweepLimitMs;
  while (told() === undefined) {
    if (performance.now() > limit) throw new Error('no sweep has ended');
    during.push(...(await ping(supervisor.socket, 200, signal)));
  }
  return { idle: await ping(supervisor.socket, 3000, signal), during, told: told() ?? '' };
}

/** A history as long as years make it: what people ask of it, and its own tidying. */
export async function measureHistory(context: Context): Promise<Found> {
  const { settings, directory, tell } = context;
  const root = join(directory, 'history');
  const ledgerPath = await makeHistory(root, settings.ended, context);
  const short = join(directory, 'short');
  await makeHistory(short, 100, context);
  const asked = await askAll(context, root, firstOf(ledgerPath));
  const beside = await ask(context, short, ['list']);
  const looked = longestLook(ledgerPath, settings.ended);
  const kept = settings.ended - Math.min(swept, Math.floor(settings.ended / 20));
  tell(`a sweep of ${settings.ended - kept}`);
  const removed = await sweep(context, root, kept);
  const data = { asked, beside, looked, removed };
  return { rows: rowsOf(settings.ended, data), data };
}

async function makeHistory(root: string, ended: number, { signal, tell }: Context): Promise<string> {
  const ledgerPath = join(root, 'lib', 'ledger.db');
  mkdirSync(join(root, 'lib'), { recursive: true });
  tell(`a ledger with ${ended} that have ended`);
  await fill('ended', ledgerPath, ended, signal);
  await runOwn(['sync', '-f', root], { cwd: root, limitMs: 300_000, signal });
  return ledgerPath;
}

/** Of a supervisor that runs: `status` demands one. */
async function askAll(context: Context, root: string, id: string): Promise<readonly Asked[]> {
  const { program, settings, signal } = context;
  await using _supervisor = await Supervisor.start(program.path, root, signal, keeping(settings.ended));
  const asked: Asked[] = [];
  for (const args of [...questions, ['show', id]]) asked.push(await ask(context, root, args));
  return asked;
}

const keeping = (jobs: number): string => `retention: { maxJobs: ${jobs}, maxAge: 300d, maxLogs: 1T }\n`;

function firstOf(path: string): string {
  using history = new History(path);
  const id = history.list({ limit: 1 }).jobs[0]?.id;
  if (id === undefined) throw new Error('the history is empty');
  return id;
}

function rowsOf(
  ended: number,
  {
    asked,
    beside,
    looked,
    removed,
  }: {
    readonly asked: readonly Asked[];
    readonly beside: Asked;
    readonly looked: Looked;
    readonly removed: Removed;
  },
): readonly Row[] {
  const target = { is: 'at most', value: 150 } as const;
  const slowest = (questionsOf: (asked: Asked) => boolean): Asked =>
    asked.filter(questionsOf).reduce((one, other) => (other.ms > one.ms ? other : one));
  const filtered = slowest(({ question }) => question.startsWith('list --'));
  const row = (what: string, ms: number, note: string): Row => ({
    what: `${ended} ended: ${what}`,
    value: ms,
    unit: 'ms',
    target,
    note,
  });
  const of = (question: string): number => slowest((one) => one.question.startsWith(question)).ms;
  return [
    row('booty list', of('list'), `the whole command; with 100 ended: ${beside.ms.toFixed(0)} ms`),
    row('booty list with a filter, the slowest', filtered.ms, filtered.question),
    row('booty show', of('show'), ''),
    row('booty status', of('status'), ''),
    row('a sweep that finds nothing', looked.totalMs, 'its questions to the ledger'),
    {
      what: `${ended} ended: a sweep holds the loop up for at most`,
      value: looked.longestMs,
      unit: 'ms',
      target: { is: 'at most', value: 20 },
      note: `its longest question; round trips while it removes: p99 ${percentile(removed.during, 99).toFixed(1)} ms, after it ${percentile(removed.idle, 99).toFixed(1)} ms`,
    },
  ];
}
