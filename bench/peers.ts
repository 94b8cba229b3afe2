import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertAll, type Contender, command, type Run, type Task } from './contender.ts';
import { findProgram, runOwn } from './own.ts';

const absent = (program: string): string | null => (findProgram(program) === null ? 'not installed' : null);
const ran = (seconds: number): Run => ({ seconds, residentKb: null });

/** What any of them can be held against: starts programs, keeps nothing. */
export const xargs: Contender = {
  name: 'xargs -P -n1',
  keeps: 'nothing',
  missing: absent('xargs'),
  async run({ atOnce, directory, lines, limitMs, signal }: Task): Promise<Run> {
    // Its status says whether all succeeded (xargs(1): 123 where any did not).
    const argv = ['xargs', `-P${atOnce}`, '-n1', command] as const;
    return ran((await runOwn(argv, { cwd: directory, input: lines, limitMs, signal })).seconds);
  },
};

/** The server is started beforehand, as Booty is. The last job needs all slots, and so begins when all others have ended. */
export const taskSpooler: Contender = {
  name: 'task-spooler',
  keeps: 'nothing',
  missing: absent('tsp'),
  async run({ jobs, atOnce, directory, limitMs, signal }: Task): Promise<Run> {
    const env = {
      TS_SOCKET: join(directory, 'socket'),
      TMPDIR: directory,
      TS_SLOTS: String(atOnce),
      TS_MAXFINISHED: String(jobs + 1),
    };
    const here = { cwd: directory, env, limitMs, signal };
    await runOwn(['tsp', '-S', String(atOnce)], here);
    try {
      const submit = `i=0; while [ $i -lt ${jobs} ]; do tsp ${command} >/dev/null; i=$((i + 1)); done`;
      const { seconds } = await runOwn(['sh', '-ec', `${submit}; tsp -f -N ${atOnce} ${command}`], here);
      const rows = (await runOwn(['tsp', '-l'], here)).output.split('\n');
      assertAll('task-spooler', jobs + 1, rows.filter((row) => /^\d+ +finished +\S+ +0 /.test(row)).length);
      return ran(seconds);
    } finally {
      // Interrupted or not: the server is ours, and nobody else's socket is here.
      const gone = 'tsp -K; while [ -e "$TS_SOCKET" ]; do sleep 0.01; done';
      await runOwn(['sh', '-c', gone], { ...here, limitMs: 10_000, signal: new AbortController().signal });
    }
  },
};

/** Directories, each a queue of its own: that is how it runs several at a time. */
export const nq: Contender = {
  name: 'nq, a directory for each',
  keeps: 'results',
  missing: absent('nq'),
  async run({ jobs, atOnce, directory, limitMs, signal }: Task): Promise<Run> {
    const queues = Array.from({ length: atOnce }, (_, index) => `queue-${index}`);
    await Promise.all(queues.map((queue) => mkdir(join(directory, queue))));
    const submit = `i=0; while [ $i -lt ${jobs} ]; do NQDIR=queue-$((i % ${atOnce})) nq -q ${command}; i=$((i + 1)); done`;
    const wait = queues.map((queue) => `NQDIR=${queue} nq -w`).join('; ');
    try {
      const { seconds } = await runOwn(['sh', '-ec', `${submit}; ${wait}`], { cwd: directory, limitMs, signal });
      const countWell = (): number =>
        queues
          .flatMap((queue) => nqLogs(join(directory, queue)))
          .filter((log) => readFileSync(log, 'utf8').includes('[exited with status 0.]')).length;
      // Who waits for it may go on before it has written how its last job ended.
      for (let left = 100; left > 0 && countWell() < jobs; left -= 1) await sleep(50, undefined, { signal });
      assertAll('nq', jobs, countWell());
      return ran(seconds);
    } finally {
      for (const queue of queues) endWaiting(join(directory, queue));
    }
  },
};

const nqLogs = (queue: string): string[] =>
  readdirSync(queue)
    .filter((name) => name.startsWith(','))
    .map((name) => join(queue, name));

/** Each waiting or running job of nq is a process of its own in the background: its log has the name `,TIME.PID`, and is executable until it ends (nq(1)). */
function endWaiting(queue: string): void {
  for (const log of nqLogs(queue)) {
    const pid = Number(log.slice(log.lastIndexOf('.') + 1));
    if ((statSync(log).mode & 0o100) === 0 || !Number.isInteger(pid) || !isOurs(pid, queue)) continue;
    process.kill(pid, 'SIGKILL');
  }
}

function isOurs(pid: number, queue: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(dirname(queue));
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false; // It has ended meanwhile.
    throw error;
  }
}

const gnuParallel = (name: string, keeps: string, options: readonly string[]): Contender => ({
  name,
  keeps,
  missing: absent('parallel'),
  async run({ jobs, atOnce, directory, lines, limitMs, signal }: Task): Promise<Run> {
    const here = { cwd: directory, env: { TMPDIR: directory }, limitMs, signal };
    // Another program has the same name (moreutils): it knows no --will-cite, and fails. Its status is how many jobs failed.
    const argv = ['parallel', '--will-cite', `-j${atOnce}`, ...options, command] as const;
    const { seconds } = await runOwn(argv, { ...here, input: lines });
    if (options.length > 0) {
      const rows = readFileSync(join(directory, 'joblog'), 'utf8').split('\n').slice(1);
      assertAll(name, jobs, rows.filter((row) => row.split('\t')[6] === '0').length);
    }
    return ran(seconds);
  },
});

export const parallel = gnuParallel('GNU parallel', 'nothing', []);
export const parallelLogged = gnuParallel('… --joblog --results', 'results', [
  '--joblog',
  'joblog',
  '--results',
  'results',
]);

/** Each job is a unit of its own, made, run, waited for and removed by systemd. */
export const systemdRun: Contender = {
  name: 'systemd-run --wait',
  keeps: 'nothing',
  missing: absent('systemd-run') ?? (existsSync('/run/systemd/system') ? null : 'systemd does not run here'),
  async run({ atOnce, directory, lines, limitMs, signal }: Task): Promise<Run> {
    const unit = ['systemd-run', '--wait', '--quiet', '--collect', command];
    const argv = ['xargs', `-P${atOnce}`, '-n1', 'sh', '-c', `exec ${unit.join(' ')}`] as const;
    return ran((await runOwn(argv, { cwd: directory, input: lines, limitMs, signal })).seconds);
  },
};
