import { cpus, release, totalmem } from 'node:os';
import type { Program } from './booty.ts';
import type { Found } from './part.ts';
import { type Row, tableOf } from './row.ts';
import type { Settings } from './settings.ts';

export interface Machine {
  readonly processors: number;
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
  /** By the name of the part, in order. */
  readonly parts: Readonly<Record<string, Found & { readonly at: string }>>;
}

export const describeMachine = (fileSystem: string): Machine => ({
  processors: cpus().length,
  memoryMb: Math.round(totalmem() / 1024 ** 2),
  kernel: release(),
  node: process.versions.node,
  fileSystem,
});

export const rowsOf = ({ parts }: Report): readonly Row[] => Object.values(parts).flatMap(({ rows }) => rows);

const head = ['', 'measured', 'target', '', ''] as const;

/** The table, for people. */
export const describeReport = (report: Report): string =>
  [describeHow(report), '', ...aligned([head, ...tableOf(rowsOf(report))]), ''].join('\n');

/** The same for docs. */
export const markdownOf = (report: Report): string =>
  [
    `Measured ${report.at.slice(0, 10)}: ${describeHow(report)}.`,
    '',
    '| What | Measured | Target | | |',
    '|---|---|---|---|---|',
    ...tableOf(rowsOf(report)).map((cells) => `| ${cells.join(' | ')} |`),
  ].join('\n');

function describeHow({ machine, settings, mode }: Report): string {
  const shared = `${machine.processors} shared processors, ${Math.round(machine.memoryMb / 1024)} GB, ${machine.fileSystem}`;
  return `${shared}, Linux ${machine.kernel.split('-')[0]}, Node.js ${machine.node}, Booty's ${mode}; medians of ${settings.rounds} alternating rounds`;
}

/** The first column to the left, the numbers to the right, what comes last as it is. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const isNumber = (column: number): boolean => column === 1 || column === 2;
  return rows.map((row) =>
    row
      .map((cell, column) => (isNumber(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
