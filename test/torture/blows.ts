import { setTimeout as sleep } from 'node:timers/promises';
import type { Bell } from './bell.ts';
import type { Hit } from './evidence.ts';
import type { Life } from './life.ts';
import type { Blow } from './plan.ts';
import { type JobProcess, jobProcesses, killProcess } from './processes.ts';

/** Where blows fall. */
export interface Target {
  readonly root: string;
  readonly life: Life;
  readonly bell: Bell;
  /** Kept in the order of the blows. */
  readonly hits: Hit[];
  readonly launchRival: () => Life;
}

/** How long somebody to hit is waited for. */
const lookForMs = 300;

/**
 * Does it. What is done first is done before this function returns, so that it comes at once.
 * @returns what was done, as it is counted; null where there was nobody to do it to
 */
export async function strike(blow: Blow, target: Target): Promise<string | null> {
  const { life } = target;
  if (life.isOver) return null;
  switch (blow.kind) {
    case 'kill':
      life.kill();
      await life.ended;
      return 'kill supervisor';
    case 'kill-job':
      return hitOne(blow, target);
    case 'kill-both':
      if (blow.first === 'jobs') hitAll(target);
      life.kill();
      if (blow.first === 'supervisor') hitAll(target);
      await life.ended;
      return 'kill both';
    case 'term':
      life.term();
      await life.awaitEnd('TERM');
      return 'term';
    case 'term-kill':
      return killInDrain(blow.afterMs, target);
    case 'term-term':
      life.term();
      await sleep(blow.afterMs);
      life.term();
      await life.awaitEnd('two TERMs');
      return 'term twice';
    case 'stop-cont':
      life.stop();
      await sleep(blow.forMs);
      life.continue();
      return 'stop and continue';
    case 'stop-kill':
      life.stop();
      await sleep(blow.forMs);
      life.kill();
      await life.ended;
      return 'kill stopped';
    case 'reload':
      // Before it is ready, SIGHUP ends it like any other program.
      if (!life.record.ready) return null;
      life.reload();
      return 'reload';
    case 'rival':
      return meetRival(target);
  }
}

export const isKill = (done: string): boolean => done.startsWith('kill');

async function killInDrain(afterMs: number, { life, bell }: Target): Promise<string> {
  const drains = Promise.withResolvers<void>();
  bell.arm('supervisor.draining', 1, () => drains.resolve());
  life.term();
  await Promise.race([drains.promise, sleep(200), life.ended]);
  await Promise.race([sleep(afterMs), life.ended]);
  bell.disarm();
  const ended = life.isOver;
  life.kill();
  await life.ended;
  return ended ? 'term' : 'kill in drain';
}

async function hitOne({ aim, choice }: Extract<Blow, { kind: 'kill-job' }>, target: Target): Promise<string | null> {
  const role = aim === 'group' ? 'leader' : aim;
  for (const deadline = performance.now() + lookForMs; performance.now() < deadline; await sleep(20)) {
    const found = jobProcesses(target.root).filter((process) => process.role === role);
    const chosen = found[Math.floor(choice * found.length)];
    if (chosen && hit(chosen, target.hits, aim === 'group')) return `kill ${aim} of job`;
  }
  return null;
}

function hitAll({ root, hits }: Target): void {
  for (const process of jobProcesses(root)) hit(process, hits, false);
}

/** A stray is nobody whose end its job would notice. */
function hit({ pid, jobId, attempt, role }: JobProcess, hits: Hit[], group: boolean): boolean {
  const done = killProcess(group ? -pid : pid);
  if (done && role !== 'stray') hits.push({ jobId, attempt });
  return done;
}

/** It must be refused, and the first one must not notice. */
async function meetRival({ life, launchRival }: Target): Promise<string | null> {
  if (!life.record.ready) return null; // It has no lock yet: which of the two is refused is chance.
  const rival = launchRival();
  void life.ended.then(() => rival.kill());
  await rival.awaitEnd('it was refused');
  return 'rival';
}
