import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ledger } from '../src/ledger/ledger.ts';
import type { Claim } from '../src/schedule/queue.ts';
import { acceptable, alone, now, origin, success } from './sample-jobs.ts';
import { median, percentile } from './statistics.ts';

/*
 * What a decision costs while so many jobs wait: the ledger alone, without spool and children, its file in memory where
 * TMPDIR is. Each number is of one call with one job, a transaction of its own. BENCH_BACKLOGS=1000,10000 takes other
 * numbers of jobs, BENCH_MIXES='a chain,ten priorities' some of the mixes.
 */

/** The job with this number of so many. */
type Mix = (number: number, all: number) => { readonly id: string } & Record<string, unknown>;

const treeSize = 1000;
const mixes: Readonly<Record<string, Mix>> = {
  'nothing shared': (number) => ({ id: `j${number}`, run: 'true' }),
  'all in one group of one': (number) => ({ id: `j${number}`, run: 'true', concurrency: 'g' }),
  'each in a group of its own': (number) => ({ id: `j${number}`, run: 'true', concurrency: `g${number}` }),
  'a rate for all': (number) => ({ id: `j${number}`, name: 'rated', run: 'true', rate: '10000/m' }),
  'a chain': (number) => ({ id: `j${number}`, run: 'true', ...(number === 0 ? {} : { needs: `j${number - 1}` }) }),
  'trees of a thousand': (number) => {
    const place = number % treeSize;
    const leaves = Array.from({ length: treeSize - 1 }, (_, index) => `j${number - place + index}`);
    return { id: `j${number}`, run: 'true', ...(place === treeSize - 1 ? { needs: leaves } : {}) };
  },
  'ten priorities': (number) => ({ id: `j${number}`, run: 'true', priority: number % 10 }),
};

interface Row {
  readonly mix: string;
  readonly waiting: number;
  /** Medians in microseconds. */
  readonly acceptUs: number;
  readonly claimUs: number;
  readonly finishUs: number;
  readonly finishP99Us: number;
  readonly openMs: number;
  readonly cancelAllMs: number;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  await alone();
  const started = performance.now();
  await work();
  return performance.now() - started;
}

const rounds = 200;
const batch = 500;

async function measure(mix: string, waiting: number, directory: string): Promise<Row> {
  const path = join(directory, `${waiting}-${Object.keys(mixes).indexOf(mix)}.db`);
  const make = mixes[mix] as Mix;
  {
    using ledger = new Ledger(path);
    for (let from = 0; from < waiting; from += batch) {
      const numbers = Array.from({ length: Math.min(batch, waiting - from) }, (_, index) => from + index);
      await ledger.accept(
        numbers.map((number) => acceptable(make(number, waiting))),
        now,
      );
    }
  }
  const opened = performance.now();
  using ledger = new Ledger(path);
  const openMs = performance.now() - opened;
  const times: Record<'accept' | 'claim' | 'finish', number[]> = { accept: [], claim: [], finish: [] };
  for (let round = 0; round < rounds; round += 1) {
    const job = acceptable(make(waiting + round, waiting + rounds));
    times.accept.push(await timed(() => ledger.accept([job], now)));
    let claims: Claim[] = [];
    times.claim.push(
      await timed(async () => {
        claims = await ledger.claim('pipeline', 1, now);
      }),
    );
    const [claim] = claims;
    if (!claim) throw new Error(`${mix}: nothing may run`);
    times.finish.push(await timed(() => ledger.finish(claim, success)));
  }
  const cancelAllMs = mix === 'all in one group of one' ? await timed(() => cancelAll(ledger)) : 0;
  const us = (values: readonly number[]): number => Math.round(median(values) * 1000);
  return {
    mix,
    waiting,
    acceptUs: us(times.accept),
    claimUs: us(times.claim),
    finishUs: us(times.finish),
    finishP99Us: Math.round(percentile(times.finish, 99) * 1000),
    openMs: Math.round(openMs),
    cancelAllMs: Math.round(cancelAllMs),
  };
}

/** Until each has its outcome. */
async function cancelAll(ledger: Ledger): Promise<void> {
  await ledger.control({ kind: 'cancel', target: { kind: 'group', group: 'g' }, reason: 'cancelled' }, now);
  while ((await ledger.advance(now, origin)).length > 0);
}

const backlogs = (process.env.BENCH_BACKLOGS ?? '1000,10000,100000').split(',').map(Number);
const directory = mkdtempSync(join(tmpdir(), 'booty-scheduling-'));
try {
  const rows: Row[] = [];
  const head = ['waiting', 'accept µs', 'claim µs', 'finish µs', 'p99 µs', 'open ms', 'cancel ms'];
  process.stdout.write(`${' '.repeat(28)}${head.map((title) => title.padStart(10)).join('')}\n`);
  for (const mix of process.env.BENCH_MIXES?.split(',') ?? Object.keys(mixes)) {
    for (const waiting of backlogs) {
      const row = await measure(mix, waiting, directory);
      rows.push(row);
      process.stdout.write(
        [
          row.mix.padEnd(28),
          ...[row.waiting, row.acceptUs, row.claimUs, row.finishUs, row.finishP99Us, row.openMs, row.cancelAllMs].map(
            (value) => String(value).padStart(10),
          ),
        ]
          .join('')
          .concat('\n'),
      );
    }
  }
  mkdirSync('build', { recursive: true });
  writeFileSync('build/bench-scheduling.json', `${JSON.stringify({ at: new Date().toISOString(), rows }, null, 2)}\n`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
