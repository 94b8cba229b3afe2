import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { measureIdle, shellMs } from './idle.ts';
import { runOwn } from './own.ts';
import type { Context, Found } from './part.ts';
import type { Row } from './row.ts';
import { median, percentile, summarize } from './statistics.ts';
import { Supervisor } from './supervisor.ts';

const bareLimitMs = 30_000;

interface Starts {
  readonly readyMs: readonly number[];
  /** Of Node.js alone, with nothing to do: what a start costs at least, and what else the machine does. */
  readonly bareMs: readonly number[];
}

/** How long from its start until it is ready, of starts on a root that is there. */
async function measureStarts(program: string, root: string, starts: number, signal: AbortSignal): Promise<Starts> {
  const readyMs: number[] = [];
  const bareMs: number[] = [];
  const node = process.env.BOOTY_NODE ?? process.execPath;
  for (let start = 0; start <= starts; start += 1) {
    await using supervisor = await Supervisor.start(program, root, signal);
    const bare = await runOwn([node, '-e', '0'], { cwd: root, limitMs: bareLimitMs, signal });
    if (start === 0) continue;
    readyMs.push(supervisor.readyMs);
    bareMs.push(1000 * bare.seconds);
  }
  return { readyMs, bareMs };
}

interface Activity {
  readonly wakeUps: number;
  readonly cpuMs: number;
}

/** What all threads of a process have done so far: how often they gave the processor up by themselves, and how long they had it. */
function activityOf(pid: number): Activity {
  const threads = readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}`);
  const numbers = threads.map((thread) => ({
    wakeUps: Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(readFileSync(`${thread}/status`, 'utf8'))?.[1]),
    cpuMs: Number(readFileSync(`${thread}/schedstat`, 'utf8').split(' ')[0]) / 1e6,
  }));
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return { wakeUps: sum(numbers.map(({ wakeUps }) => wakeUps)), cpuMs: sum(numbers.map(({ cpuMs }) => cpuMs)) };
}

async function measureActivity({
  program,
  settings,
  directory,
  signal,
}: Context): Promise<{ readonly cpuPercent: number; readonly wakeUpsPerSecond: number }> {
  await using supervisor = await Supervisor.start(program.path, join(directory, 'quiet'), signal);
  await sleep(settings.restMs, undefined, { signal });
  const before = activityOf(supervisor.pid);
  const from = performance.now();
  await sleep(settings.idleMs, undefined, { signal });
  const passedMs = performance.now() - from;
  const after = activityOf(supervisor.pid);
  return {
    cpuPercent: (100 * (after.cpuMs - before.cpuMs)) / passedMs,
    wakeUpsPerSecond: (1000 * (after.wakeUps - before.wakeUps)) / passedMs,
  };
}

/** A supervisor that has nothing to do: how fast it is there, what it costs, how fast it begins. */
export async function measureQuiet(context: Context): Promise<Found> {
  const { program, settings, directory, signal, tell } = context;
  tell(`${settings.starts} starts`);
  const { readyMs, bareMs } = await measureStarts(program.path, join(directory, 'starts'), settings.starts, signal);
  tell(`${settings.drops} single drops`);
  const idle = await measureIdle(program.path, join(directory, 'idle'), settings.drops, signal);
  const shell = median(await shellMs(directory, signal));
  tell(`idle for ${settings.idleMs / 1000} s`);
  const activity = await measureActivity(context);
  const drop = { p50: percentile(idle.startsMs, 50), p99: percentile(idle.startsMs, 99) };
  const ready = summarize(readyMs);
  const shellNote = `${settings.drops} drops; the same child without anything between: ${shell.toFixed(1)} ms`;
  const rows: readonly Row[] = [
    {
      what: 'from a drop to the child, idle, p50',
      value: drop.p50,
      unit: 'ms',
      target: { is: 'at most', value: 15 },
      note: shellNote,
    },
    {
      what: 'from a drop to the child, idle, p99',
      value: drop.p99,
      unit: 'ms',
      target: { is: 'at most', value: 50 },
      note: '',
    },
    {
      what: 'start to ready, empty',
      value: ready.median,
      unit: 'ms',
      target: { is: 'at most', value: 250 },
      note: `${settings.starts} starts, ${ready.min.toFixed(0)} to ${ready.max.toFixed(0)} ms; Node.js alone, at the same time: ${median(bareMs).toFixed(0)} ms`,
    },
    {
      what: 'resident, idle',
      value: idle.residentKb / 1024,
      unit: 'MB',
      target: { is: 'at most', value: 90 },
      note: 'VmRSS',
    },
    {
      what: 'idle: of a core',
      value: activity.cpuPercent,
      unit: '%',
      target: { is: 'at most', value: 0.1 },
      note: `all threads, ${settings.idleMs / 1000} s`,
    },
    {
      what: 'idle: wake-ups',
      value: activity.wakeUpsPerSecond,
      unit: '/s',
      target: { is: 'at most', value: 2 },
      note: 'voluntary switches of all threads',
    },
  ];
  return {
    rows,
    data: { ready, readyMs, bareMs, drop, dropsMs: idle.startsMs, shell, residentKb: idle.residentKb, activity },
  };
}
