import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Point } from './backlog.ts';
import { drawCurve } from './chart.ts';
import { curvesOf } from './curves.ts';
import { markdownOf, type Report } from './report.ts';

const checkout = join(import.meta.dirname, '..');
const page = join(checkout, 'docs', 'PERFORMANCE.md');
const marks = { begin: '<!-- make bench writes this table -->', end: '<!-- its end -->' } as const;

/**
 * Writes what was measured: build/bench.json always; docs/performance/ and the table of docs/PERFORMANCE.md where it was
 * measured in full. A run of some parts only takes the place of these in what is there.
 */
export function keep(report: Report, order: readonly string[]): Report {
  const { smoke } = report.settings;
  const path = join(checkout, 'build', smoke ? 'bench-smoke.json' : 'bench.json');
  const whole = report.settings.parts === null ? report : mergeInto(readIfThere(path), report, order);
  mkdirSync(join(checkout, 'build'), { recursive: true });
  writeFileSync(path, jsonOf(whole));
  const points = pointsOf(whole);
  const curves =
    points.length === 0
      ? []
      : Object.entries(curvesOf(points)).map(([name, curve]) => [`${name}.svg`, drawCurve(curve)] as const);
  const out = smoke ? join(checkout, 'build', 'performance') : join(checkout, 'docs', 'performance');
  mkdirSync(out, { recursive: true });
  for (const [name, svg] of curves) writeFileSync(join(out, name), svg);
  if (smoke) return whole;
  writeFileSync(join(out, 'bench.json'), jsonOf(whole));
  writeFileSync(page, withTable(readFileSync(page, 'utf8'), markdownOf(whole)));
  return whole;
}

/** The page with another table between its marks. @throws Error where it has none */
export function withTable(text: string, table: string): string {
  const [begin, end] = [text.indexOf(marks.begin), text.indexOf(marks.end)];
  if (begin < 0 || end < begin) throw new Error(`docs/PERFORMANCE.md has no ${marks.begin}`);
  return `${text.slice(0, begin + marks.begin.length)}\n${table}\n${text.slice(end)}`;
}

function mergeInto(earlier: Report | null, report: Report, order: readonly string[]): Report {
  const all = { ...earlier?.parts, ...report.parts };
  const inOrder = order.flatMap((name) => (all[name] ? [[name, all[name]] as const] : []));
  return { ...report, parts: Object.fromEntries(inOrder) };
}

const readIfThere = (path: string): Report | null =>
  existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Report) : null;

/** Of the part that has the curves; none where it was not run. */
const pointsOf = ({ parts }: Report): readonly Point[] =>
  (parts.backlog?.data as { readonly points: readonly Point[] } | undefined)?.points ?? [];

/** Numbers with no more digits than mean something. */
const jsonOf = (report: Report): string =>
  `${JSON.stringify(report, (_, value: unknown) => (typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value), 2)}\n`;
