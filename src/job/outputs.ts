/** The most of what steps write to BOOTY_OUTPUT that is read. */
export const maxOutputBytes = 64 * 1024;
export const maxOutputs = 100;

const key = '[A-Za-z_][A-Za-z0-9_.-]{0,99}';
const line = new RegExp(`^(${key})=(.*)$`);
const wholeKey = new RegExp(`^${key}$`);

export const isOutputKey = (text: string): boolean => wholeKey.test(text);

/** The `key=value` lines of a text, in order; lines of another shape are passed over. @param isCut whether the text ends at the limit */
export function outputPairs(
  text: string,
  isCut = Buffer.byteLength(text) >= maxOutputBytes,
): readonly (readonly [key: string, value: string])[] {
  const lines = text.split('\n');
  // What the limit cuts is left out, not halved.
  if (isCut) lines.pop();
  const pairs = lines.flatMap((row) => {
    const match = line.exec(row.replace(/\r$/, ''));
    return match ? [[match[1] ?? '', match[2] ?? ''] as const] : [];
  });
  return pairs.slice(-maxOutputs);
}

/** Of {@link outputPairs} the last for each key. */
export const parseOutputs = (text: string, isCut?: boolean): Readonly<Record<string, string>> =>
  Object.fromEntries(outputPairs(text, isCut));

/**
 * What later steps find in their environment: `BOOTY_OUTPUT_rows` for `rows`. Of keys that become the same name the last
 * counts. A value that has a NUL cannot be in an environment.
 */
export const outputVariables = (
  pairs: readonly (readonly [key: string, value: string])[],
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    pairs.flatMap(([name, value]) =>
      value.includes('\0') ? [] : [[`BOOTY_OUTPUT_${name.replace(/[^A-Za-z0-9_]/g, '_')}`, value] as const],
    ),
  );
