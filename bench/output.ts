import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { drop, makeReady } from './dropping.ts';
import type { Context, Found } from './part.ts';
import { ping } from './ping.ts';
import type { Row } from './row.ts';
import { percentile } from './statistics.ts';
import { Supervisor } from './supervisor.ts';

const printersLimitMs = 60_000;

/** 50,000 bytes twenty times a second, in lines of 100, by a program that itself costs next to nothing. */
const printer = (seconds: number): readonly string[] => [
  'perl',
  '-e',
  `$| = 1; my $block = (('x' x 99) . "\n") x 500; for (1 .. ${seconds * 20}) { print $block; select undef, undef, undef, 0.05 }`,
];

/** How long the loop keeps others waiting while a hundred jobs each print a megabyte a second. */
export async function measureOutput({ program, settings, directory, signal, tell }: Context): Promise<Found> {
  const { printers, printingMs } = settings;
  const configuration = `concurrency: { pipeline: ${printers} }\n`;
  await using supervisor = await Supervisor.start(program.path, join(directory, 'output'), signal, configuration);
  const idle = await ping(supervisor.socket, printingMs / 4, signal);
  tell(`${printers} jobs print 1 MB/s each`);
  const ids = Array.from({ length: printers }, (_, index) => `printer-${index}`);
  const seconds = Math.ceil(printingMs / 1000) + 5;
  const content = JSON.stringify({ command: printer(seconds), limits: { output: '256M' }, timeout: '90s' });
  drop(
    makeReady(join(directory, 'ready'), ids, () => content),
    supervisor.incoming,
  );
  const started = (): number => supervisor.journal().filter((line) => line.includes('attempt.started')).length;
  const limit = performance.now() + printersLimitMs;
  while (started() < printers) {
    if (performance.now() > limit) throw new Error(`only ${started()} of ${printers} printers have started`);
    await sleep(100, undefined, { signal });
  }
  const busy = await ping(supervisor.socket, printingMs, signal);
  const residentKb = supervisor.residentKb();
  const row: Row = {
    what: `${printers} jobs print 1 MB/s each: delay of the loop, p99`,
    value: percentile(busy, 99),
    unit: 'ms',
    target: { is: 'at most', value: 50 },
    note: `round trips over the control socket: p50 ${percentile(busy, 50).toFixed(1)} ms, of ${busy.length}; idle p99 ${percentile(idle, 99).toFixed(1)} ms`,
  };
  return { rows: [row], data: { busy, idle, residentKb } };
}
