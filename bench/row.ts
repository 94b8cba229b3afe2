/** What a row of the table is held to. */
export interface Target {
  readonly is: 'at least' | 'at most';
  readonly value: number;
  /** Where only a defect gets: a quick look on any machine fails beyond it. Absent: it depends on the machine too much. */
  readonly farOff?: number;
}

/** One row of the table: what was measured, beside what it should be. */
export interface Row {
  readonly what: string;
  /** Null: it could not be measured here; {@link note} says why. */
  readonly value: number | null;
  readonly unit: '' | 'ms' | 's' | 'MB' | '%' | '/s' | '×';
  readonly target: Target | null;
  readonly note: string;
}

export type Verdict = 'reached' | 'missed' | 'not measured' | '';

export function verdictOf({ value, target }: Pick<Row, 'value' | 'target'>): Verdict {
  if (target === null) return '';
  if (value === null) return 'not measured';
  return isWithin(value, target.is, target.value) ? 'reached' : 'missed';
}

const isWithin = (value: number, is: Target['is'], bound: number): boolean =>
  is === 'at least' ? value >= bound : value <= bound;

/** What is so far off that it is a defect on any machine; empty where nothing is. */
export const farOff = (rows: readonly Row[]): readonly string[] =>
  rows.flatMap(({ what, value, unit, target }) => {
    if (target?.farOff === undefined) return [];
    if (value !== null && isWithin(value, target.is, target.farOff)) return [];
    return [
      `${what}: ${value === null ? 'not measured' : format(value, unit)}; ${target.is} ${target.farOff} expected anywhere`,
    ];
  });

export const describeTarget = ({ target, unit }: Pick<Row, 'target' | 'unit'>): string =>
  target === null ? '' : `${target.is === 'at least' ? '≥' : '≤'} ${format(target.value, unit)}`;

/** Three digits that matter. */
export function format(value: number, unit: Row['unit']): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  const text = Number.isInteger(value) ? String(value) : value.toFixed(digits);
  return unit === ''
    ? text
    : unit === '×' || unit === '%' || unit === '/s'
      ? `${text} ${unit}`.replace(' /s', '/s')
      : `${text} ${unit}`;
}

/** The table for people, and for docs: one row a line. */
export function tableOf(rows: readonly Row[]): readonly (readonly string[])[] {
  return rows.map((row) => [
    row.what,
    row.value === null ? '–' : format(row.value, row.unit),
    describeTarget(row),
    verdictOf(row),
    row.note,
  ]);
}
