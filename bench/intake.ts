import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Ledger } from '../src/ledger/ledger.ts';
import { command } from './contender.ts';
import { drop, makeReady } from './dropping.ts';
import type { Context, Found } from './part.ts';
import type { Row } from './row.ts';
import { now } from './sample-jobs.ts';
import { Supervisor } from './supervisor.ts';

const acceptLimitMs = 300_000;
const lookEveryMs = 100;

/** A supervisor that finds so many files as it starts, and runs none of them meanwhile; seconds from its start. */
async function acceptAll(
  { program, directory, signal }: Context,
  count: number,
): Promise<{ readonly seconds: number; readonly peakKb: number }> {
  const root = join(directory, `intake-${count}`);
  {
    await using _first = await Supervisor.start(program.path, root, signal);
  }
  {
    using ledger = new Ledger(join(root, 'lib', 'ledger.db'));
    await ledger.control({ kind: 'pause', scope: { kind: 'all' } }, now);
  }
  const ids = Array.from({ length: count }, (_, index) => `down-${index}`);
  drop(
    makeReady(join(root, 'ready'), ids, (id) => `id: ${id}\ncommand: [${command}]\n`),
    join(root, 'spool', 'incoming'),
  );
  const from = performance.now();
  await using supervisor = await Supervisor.start(program.path, root, signal);
  const limit = from + acceptLimitMs;
  const accepted = supervisor.counting('job.accepted');
  while (accepted.now() < count) {
    if (performance.now() > limit) throw new Error(`only ${accepted.now()} of ${count} files were accepted`);
    await sleep(lookEveryMs, undefined, { signal });
  }
  return { seconds: (performance.now() - from) / 1000, peakKb: supervisor.peakResidentKb() };
}

/** What was dropped while nobody was there: how soon all of it is accepted, durably. */
export async function measureIntake(context: Context): Promise<Found> {
  const { settings, tell } = context;
  const few = Math.ceil(settings.dropped / 10);
  tell(`${settings.dropped} files are found at the start`);
  const small = await acceptAll(context, few);
  const large = await acceptAll(context, settings.dropped);
  const rows: readonly Row[] = [
    {
      what: `${settings.dropped} files dropped while it is down: all accepted`,
      value: large.seconds,
      unit: 's',
      target: { is: 'at most', value: 60 },
      note: `${(settings.dropped / large.seconds).toFixed(0)} files/s; ${few}: ${(few / small.seconds).toFixed(0)} files/s`,
    },
    {
      what: `… its memory at most, to that for ${few}`,
      value: large.peakKb / small.peakKb,
      unit: '×',
      target: { is: 'at most', value: 1.1 },
      note: `VmHWM ${(large.peakKb / 1024).toFixed(0)} and ${(small.peakKb / 1024).toFixed(0)} MB`,
    },
  ];
  return { rows, data: { small, large } };
}
