import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobId } from '../src/job/id.ts';
import type { JournalEvent } from '../src/journal/event.ts';
import { openJournal } from '../src/journal/journal.ts';
import { connectDatagram } from '../src/native/datagram.ts';
import { Redactor } from '../src/redact/redactor.ts';
import { awaitOutcomes, drop, makeReady } from './dropping.ts';
import { killOwnGroup, plainEnvironment } from './own.ts';
import type { Context, Found } from './part.ts';
import type { Row } from './row.ts';
import { median } from './statistics.ts';

/*
 * What it costs the supervisor to give the journal what a job prints: its time on the processor for one job of 10,000
 * lines, with `journal: all` and `journal: off` in turn. A process beside it takes the records; what journald itself
 * makes of them is not in the numbers.
 */

const printed = 10_000;
const limitMs = 60_000;

/** What an event costs, and what the lines of a job do. */
export async function measureJournal({ program, settings, directory, signal, tell }: Context): Promise<Found> {
  const eventUs = await measureEvents(directory, signal);
  const rounds = settings.smoke ? 1 : Math.max(5, settings.rounds);
  const took: Record<'all' | 'off', number[]> = { all: [], off: [] };
  for (let round = 0; round < rounds; round += 1) {
    tell(`${printed} lines, round ${round + 1} of ${rounds}`);
    for (const level of ['all', 'off'] as const)
      took[level].push(await measureOnce(program.path, join(directory, `${level}-${round}`), level, signal));
  }
  const [allMs, offMs] = [median(took.all), median(took.off)];
  const row: Row = {
    what: 'ten thousand lines of a job to the journal: processor time of the supervisor',
    value: allMs - offMs,
    unit: 'ms',
    target: null,
    note: `journal: all ${allMs.toFixed(1)} ms, off ${offMs.toFixed(1)} ms; an event of a job is ${eventUs.toFixed(1)} µs`,
  };
  return { rows: [row], data: { ...took, eventUs } };
}

/** @throws Error where a line was lost */
async function measureOnce(program: string, root: string, level: 'all' | 'off', signal: AbortSignal): Promise<number> {
  mkdirSync(join(root, 'etc'), { recursive: true });
  writeFileSync(join(root, 'etc/booty.yaml'), `journal: ${level}\n`);
  const limited = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  await using reader = await Reader.start(join(root, 'socket'), limited);
  const supervisor = spawn(program, ['supervise', '--root', root], {
    env: { ...plainEnvironment(root), BOOTY_NODE: process.execPath, BOOTY_JOURNAL_SOCKET: reader.path },
    stdio: ['ignore', 'ignore', openSync(join(root, 'stderr'), 'w')],
    detached: true,
  });
  try {
    const pid = supervisor.pid ?? 0;
    const outcomes = join(root, 'spool/outcomes');
    const run = async (id: string, count: number): Promise<void> => {
      const ready = makeReady(join(root, 'ready'), [id], () => `id: ${id}\ncommand: [seq, ${count}]\n`);
      drop(ready, join(root, 'spool/incoming'));
      await awaitOutcomes(outcomes, id === 'first' ? 1 : 2, limited);
    };
    while (!isThere(outcomes)) await sleep(20, undefined, { signal: limited });
    await run('first', 1);
    const before = processorMs(pid);
    await run('second', printed);
    const took = processorMs(pid) - before;
    supervisor.kill('SIGTERM');
    await once(supervisor, 'exit', { signal: limited });
    const lines = await reader.end();
    const expected = level === 'all' ? printed + 1 : 0;
    if (lines !== expected) throw new Error(`${lines} of ${expected} lines reached the journal`);
    return took;
  } finally {
    killOwnGroup(supervisor.pid);
  }
}

function isThere(path: string): boolean {
  try {
    return readdirSync(path).length === 0;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

/** Of all its threads (Documentation/scheduler/sched-stats: nanoseconds on a processor come first). */
function processorMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const ns = threads.map((id) => Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ')[0]));
  return ns.reduce((sum, one) => sum + one, 0) / 1e6;
}

/** Takes the records, in a process of its own. */
class Reader implements AsyncDisposable {
  readonly path: string;
  readonly #child;
  readonly #lines: AsyncIterator<string>;

  private constructor(path: string) {
    this.path = path;
    const program = join(import.meta.dirname, 'journal-reader.ts');
    this.#child = spawn(process.execPath, [program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  static async start(path: string, signal: AbortSignal): Promise<Reader> {
    const reader = new Reader(path);
    signal.addEventListener('abort', () => reader.#child.kill('SIGKILL'), { once: true });
    await reader.#lines.next();
    return reader;
  }

  /** How many lines of jobs it got. */
  async end(): Promise<number> {
    const file = connectDatagram(this.path);
    for (;;) {
      if (trySend(file)) break;
      await sleep(1);
    }
    closeSync(file);
    const { value } = await this.#lines.next();
    return Number(value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.kill('SIGKILL')) await once(this.#child, 'exit');
  }
}

/** The record that ends the reader. False where its socket is full. */
function trySend(file: number): boolean {
  try {
    return writeSync(file, 'x') === 1;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return false;
    throw error;
  }
}

const events: readonly JournalEvent[] = [
  { kind: 'job.accepted', id: 'a-1' as JobId, name: 'a', jobKind: 'pipeline', file: 'a-1.yaml', uid: 1000 },
  { kind: 'attempt.started', id: 'a-1' as JobId, name: 'a', jobKind: 'pipeline', attempt: 1 },
  {
    kind: 'job.ended',
    id: 'a-1' as JobId,
    name: 'a',
    jobKind: 'pipeline',
    outcome: 'succeeded',
    cause: null,
    reason: null,
    step: null,
    exitCode: 0,
    signal: null,
    attempt: 1,
    durationMs: 12,
    eventId: null,
    capture: null,
  },
];

/** Microseconds for an event of a job that went well, formatted, looked through for a DSN and sent. */
async function measureEvents(directory: string, signal: AbortSignal): Promise<number> {
  await using reader = await Reader.start(join(directory, 'events'), signal);
  const secrets = [{ name: 'SENTRY_DSN', value: 'https://abcdef0123456789abcdef0123456789@sentry.example.com/42' }];
  const { emit } = await openJournal({ BOOTY_JOURNAL_SOCKET: reader.path }, new Redactor(secrets));
  const batches: number[] = [];
  for (let batch = 0; batch < 60; batch += 1) {
    const before = process.cpuUsage();
    for (let index = 0; index < 900; index += 1) emit(events[index % 3] as JournalEvent);
    const { user, system } = process.cpuUsage(before);
    batches.push((user + system) / 900);
    await sleep(20, undefined, { signal });
  }
  return median(batches.slice(20));
}
