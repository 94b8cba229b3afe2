import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { poll } from '../harness/waiting.ts';
import { asUser, giveTo } from '../supervise/another-user.ts';
import { Delegated } from '../supervise/delegated.ts';
import { described, type HostileJob, hostileJobs } from './hostile-jobs.ts';

/**
 * Nobody else's: whoever kills all that it may kill must meet nobody but the suite, should a wall have a hole. Nor another run's
 * beside it: what is counted by user, processes above all, would be counted together.
 */
const uid = 40_000 + (process.pid % 20_000);
const outcomeTimeoutMs = 60_000;
const config = `concurrency: { pipeline: 5 }
defaults: { killGrace: 200ms }
spool: { scanInterval: 500ms }
retention: { maxJobs: 30, maxRejected: 10 }
`;
/** A disk for the jobs that is full soon, and no more processes than a fork bomb needs to be one. */
const bounds =
  'mount -t tmpfs -o size=24m,mode=0755 jobs "$0" && chown "$1" "$0" && shift && exec prlimit --nproc=120 -- "$@"';

/** What must not grow. */
interface Traces {
  readonly processes: number;
  readonly cgroups: number;
  readonly descriptors: number;
  /** Directories of jobs beyond those of the jobs that are kept, and whatever lies about beside them. */
  readonly strays: readonly string[];
}

/** Runs them all, again and again, and answers what went wrong. */
export async function runRounds(rounds: number, tell: (line: string) => void): Promise<readonly string[]> {
  using delegated = new Delegated(uid);
  await using root = await Root.make({ config, prefix: 'booty-hostile-' });
  mkdirSync(root.in('lib/jobs'), { recursive: true });
  giveTo(root, uid);
  const wrapper: [string, ...string[]] = [
    ...delegated.wrapper,
    'unshare',
    '--mount',
    'sh',
    '-c',
    bounds,
    root.in('lib/jobs'),
    String(uid),
    ...asUser(uid),
    '--no-new-privs',
  ];
  await using supervisor = await SupervisorProcess.start(root, { wrapper });
  const { pid } = supervisor;
  const flaws: string[] = [];
  const walls = supervisor.linesOf({ kind: 'walls.raised' })[0]?.fields.against;
  if (walls !== 'signals,cgroups') flaws.push(`walls: ${walls}`);
  let first: Traces | null = null;
  for (let round = 1; round <= rounds && flaws.length === 0; round += 1) {
    flaws.push(...(await runRound(supervisor, delegated, round)));
    const traces = await settled(supervisor, delegated);
    flaws.push(...flawsOf(traces, (first ??= traces)).map((flaw) => `round ${round}: ${flaw}`));
    if (round % 10 === 0) tell(`${round} rounds, ${JSON.stringify(traces)}`);
  }
  if (supervisor.exit !== null || supervisor.pid !== pid) flaws.push('the supervisor is gone');
  else if ((await supervisor.stop()).status !== 0) flaws.push('the supervisor did not stop as it should');
  if (delegated.left.length > 0) flaws.push(`cgroups are left: ${delegated.left.join(', ')}`);
  return flaws;
}

/** Here the bomb takes its processes from all jobs of its user, as nothing counts them apart: it has its turn before the others. */
async function runRound(
  supervisor: SupervisorProcess,
  delegated: Delegated,
  round: number,
): Promise<readonly string[]> {
  const { 'fork-bomb': bomb, ...others } = hostileJobs;
  const bombed = await runJobs(supervisor, { bomb }, round);
  await settled(supervisor, delegated);
  return [...bombed, ...(await runJobs(supervisor, others, round))];
}

async function runJobs(
  supervisor: SupervisorProcess,
  hostile: Readonly<Record<string, HostileJob | undefined>>,
  round: number,
): Promise<readonly string[]> {
  const jobs = Object.entries(hostile).flatMap(([name, job]) => (job ? { id: `${name}-${round}`, ...job } : []));
  for (const { id, file } of jobs) await supervisor.drop(`${id}.yaml`, `id: ${id}\n${file}`);
  const told = await Promise.all(
    jobs.map(async ({ id, expected }) => {
      const outcome = await supervisor.outcome(id, outcomeTimeoutMs);
      if (expected.test(described(outcome))) return [];
      const { stdout } = await supervisor.root.booty('logs', id);
      return [`${id}: ${described(outcome)}: ${outcome.reason}\n${stdout.slice(-500)}`];
    }),
  );
  return told.flat();
}

/** Once nothing runs: the last of the dying take a moment. */
function settled(supervisor: SupervisorProcess, delegated: Delegated): Promise<Traces> {
  return poll('nothing runs', () => {
    const traces = tracesOf(supervisor, delegated);
    return traces.cgroups === 0 && traces.processes === 1 ? traces : null;
  });
}

function tracesOf(supervisor: SupervisorProcess, delegated: Delegated): Traces {
  const { root, pid } = supervisor;
  const about = (path: string, known: RegExp): string[] =>
    readdirSync(root.in(path)).filter((name) => !known.test(name));
  return {
    processes: processesOf(uid),
    cgroups: delegated.left.length,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    strays: [
      ...about('spool', /^(?:incoming|rejected|outcomes)$/),
      ...about('spool/incoming', /^\.claimed$|\.yaml$/),
      ...about('run', /^booty\.sock$/),
    ],
  };
}

/** Zombies are those of whoever has not reaped them yet: they count. */
function processesOf(user: number): number {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && ownerOf(name) === user).length;
}

function ownerOf(pid: string): number | null {
  try {
    return Number(/^Uid:\s+(\d+)/m.exec(readFileSync(join('/proc', pid, 'status'), 'latin1'))?.[1]);
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}

/** Descriptors come and go by a few: timers, sockets of asking. */
const spareDescriptors = 3;

function flawsOf(now: Traces, first: Traces): readonly string[] {
  return [
    ...(now.descriptors > first.descriptors + spareDescriptors
      ? [`${now.descriptors} descriptors, ${first.descriptors} at first`]
      : []),
    ...(now.strays.length > 0 ? [`it left ${now.strays.join(', ')}`] : []),
  ];
}
