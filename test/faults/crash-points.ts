import { setTimeout as sleep } from 'node:timers/promises';
import { Receiver } from '../harness/receiver.ts';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { poll } from '../harness/waiting.ts';
import type { Aim, Moment } from './control.ts';
import { Evidence } from './evidence.ts';
import { FaultySupervisor, type Point } from './faulty-supervisor.ts';
import { startFast } from './scratch.ts';
import { config, isDone, Script } from './script.ts';

/** One death of a supervisor. */
export interface Kill {
  readonly moment: Moment;
  readonly aim: Aim;
}

export interface Verdict {
  /** Where each supervisor died: `rename spool/outcomes/*.json`; null where it came to its end first. */
  readonly deaths: readonly (string | null)[];
  readonly flaws: readonly string[];
}

const settleLimitMs = 30_000;

/** The changes that a supervisor makes from its start on an empty root to its stop, while it runs the scripted jobs. */
export async function tracePoints(): Promise<Point[]> {
  await using root = await Root.make({ config });
  await using receiver = await Receiver.listen();
  await prepare(root, receiver);
  await using faulty = FaultySupervisor.launch(root, { trace: true, env: startFast });
  await new Script(root).play(faulty.supervisor);
  await faulty.supervisor.stop();
  return faulty.points();
}

/** Runs the scripted jobs on a fresh root under supervisors that die one after another, and then under one that does not. */
export async function crashAt(kills: readonly Kill[]): Promise<Verdict> {
  await using root = await Root.make({ config });
  await using receiver = await Receiver.listen();
  await prepare(root, receiver);
  const script = new Script(root);
  const evidence = new Evidence(root, receiver);
  const deaths: (string | null)[] = [];
  try {
    for (const kill of kills) deaths.push(await die(root, script, evidence, kill));
    await using last = await SupervisorProcess.start(root, { env: startFast });
    await script.play(last);
    await settled(root);
    const flaws = await evidence.flaws(last.lines);
    const exit = await last.stop();
    return { deaths, flaws: exit.status === 0 ? flaws : [...flaws, `the last one ended with ${exit.status}`] };
  } catch (error) {
    return { deaths, flaws: [error instanceof Error ? error.message : String(error)] };
  }
}

async function prepare(root: Root, receiver: Receiver): Promise<void> {
  await root.write('etc/secrets.env', `SENTRY_DSN=${receiver.dsn}\n`, 0o600);
  await root.write('marks', '');
}

async function die(root: Root, script: Script, evidence: Evidence, { moment, aim }: Kill): Promise<string | null> {
  await using faulty = FaultySupervisor.launch(root, {
    trace: true,
    env: startFast,
    prepare: (faults) => faults.kill(moment, aim),
  });
  const { supervisor } = faulty;
  await script.play(supervisor);
  const exit = await supervisor.stop().catch(() => supervisor.exited);
  evidence.lookAfterEnd(supervisor.lines);
  if (exit.signal === null && exit.status === 0) return null;
  if (exit.signal !== 'SIGKILL') throw new Error(`it ended with ${exit.status}\n${supervisor.stderr}`);
  const { diedAt } = faulty.faults;
  const point = faulty.points().find(({ number }) => number === diedAt);
  if (!point) throw new Error(`nothing tells where it died: ${diedAt}`);
  return kindOf(point);
}

/** Until nothing is under way any more; what then is still missing is for the evidence to tell. */
async function settled(root: Root): Promise<void> {
  await poll('everything to be settled', () => isDone(root) || null, { timeoutMs: settleLimitMs, everyMs: 20 });
  // The ledger strikes out a report a moment after its file is there.
  await sleep(60);
}

/** The operation, and what kind of file it is about, as a pattern of the shim. */
export const kindOf = ({ operation, path }: Point): string => `${operation} ${patternOf(path)}`.trim();

/** A path without what is another one in each run. */
export const patternOf = (path: string): string =>
  path
    .replace(/\.[0-9a-z]{12}\.tmp$/, '.*.tmp')
    .replace(/^(spool\/outcomes\/)[^.].*\.json$/, '$1*.json')
    .replace(/^(spool\/incoming\/\.claimed\/).*$/, '$1*')
    .replace(/^(lib\/outbox\/).*\.envelope$/, '$1*.envelope')
    .replace(/^(lib\/jobs\/)[^/]+/, '$1*')
    .replace(/^(lib\/jobs\/\*\/)\d+\.log$/, '$1*.log')
    .replace(/^(lib\/jobs\/\*\/work\/).*$/, '$1*')
    .replace(/^(spool\/rejected\/)[^.].*\.reason\.json$/, '$1*.reason.json')
    .replace(/^(spool\/rejected\/)[^.*][^/]*$/, '$1*.yaml');
