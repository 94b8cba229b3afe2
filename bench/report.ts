import { cpus, release, totalmem } from 'node:os';
import type { Program } from './booty.ts';
import type { Settings } from './settings.ts';
import { ratios, type Summary, summarize } from './statistics.ts';

/** Jobs a second of one contender, beside xargs. */
export interface Rate {
  readonly name: string;
  readonly keeps: string;
  readonly jobsPerSecond: Summary;
  /** To xargs at the same time: its run before and its run after. */
  readonly ratio: Summary;
  readonly eachRound: readonly number[];
}

export interface Machine {
  readonly processors: number;
  readonly model: string;
  readonly memoryMb: number;
  readonly kernel: string;
  readonly node: string;
  readonly fileSystem: string;
}

/** All that was measured; this is what build/bench.json has. */
export interface Report {
  readonly at: string;
  readonly machine: Machine;
  readonly mode: Program['mode'];
  readonly settings: Settings;
  readonly rates: readonly Rate[];
  readonly missing: readonly string[];
  readonly readyMs: Summary;
  readonly residentKb: { readonly idle: number; readonly afterRun: Summary };
  readonly dropToStartMs: {
    readonly p50: number;
    readonly p99: number;
    readonly drops: number;
    readonly shellAlone: number;
  };
}

export const rateOf = (
  { name, keeps }: { readonly name: string; readonly keeps: string },
  perSecond: readonly number[],
  references: readonly number[],
): Rate => ({
  name,
  keeps,
  jobsPerSecond: summarize(perSecond),
  ratio: summarize(ratios(perSecond, references)),
  eachRound: perSecond,
});

export const describeMachine = (fileSystem: string): Machine => ({
  processors: cpus().length,
  model: cpus()[0]?.model ?? 'unknown',
  memoryMb: Math.round(totalmem() / 1024 ** 2),
  kernel: release(),
  node: process.versions.node,
  fileSystem,
});

/** The tables, for people. */
export function describeReport(report: Report): string {
  const { machine, settings, dropToStartMs, readyMs, residentKb } = report;
  const head = ['', 'jobs/s', 'min', 'max', 'ratio', 'min', 'max', 'keeps over a kill'];
  const rows = report.rates.map(({ name, keeps, jobsPerSecond, ratio }) => [
    name,
    ...[jobsPerSecond.median, jobsPerSecond.min, jobsPerSecond.max].map((value) => value.toFixed(0)),
    ...[ratio.median, ratio.min, ratio.max].map((value) => value.toFixed(2)),
    keeps,
  ]);
  const facts = [
    [
      'start to ready',
      `${milliseconds(readyMs.median)} (${milliseconds(readyMs.min)} to ${milliseconds(readyMs.max)})`,
    ],
    ['resident, idle', megabytes(residentKb.idle)],
    [`resident after ${settings.jobs} jobs`, megabytes(residentKb.afterRun.median)],
    ['drop to child start, idle, p50', milliseconds(dropToStartMs.p50)],
    ['drop to child start, idle, p99', milliseconds(dropToStartMs.p99)],
  ];
  return [
    `${settings.jobs} × /bin/true, two at a time; ${plural(settings.rounds, 'alternating round')}; ratio to xargs just before and after`,
    `Booty ${report.mode}, Node.js ${machine.node}, ${machine.processors} × ${machine.model}, Linux ${machine.kernel}, ${machine.fileSystem}`,
    '',
    ...table([head, ...rows]),
    ...report.missing.map((line) => `(${line})`),
    '',
    ...table(facts),
    `(of ${plural(dropToStartMs.drops, 'drop')}; the same child started by the benchmark itself, with nothing between: ${milliseconds(dropToStartMs.shellAlone)})`,
    '',
  ].join('\n');
}

/** What is far off, for a look that should otherwise pass on any machine; empty where nothing is. */
export function farOff(rates: readonly Rate[], leastRatio: number): string[] {
  const booty = rates.find(({ name }) => name === 'Booty');
  if (!booty) return ['Booty was not measured'];
  const { median } = booty.ratio;
  return median < leastRatio ? [`Booty reached ${median.toFixed(3)} of xargs; expected at least ${leastRatio}`] : [];
}

/** The first column to the left, the numbers to the right, what comes last as it is. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 || column === row.length - 1 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd(),
  );
}

const milliseconds = (value: number): string => `${value.toFixed(value < 100 ? 1 : 0)} ms`;
const megabytes = (kb: number): string => `${(kb / 1024).toFixed(0)} MB`;
const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
