/** The most of what steps write to BOOTY_OUTPUT that is read. */
export const maxOutputBytes = 64 * 1024;
export const maxOutputs = 100;

const key = '[A-Za-z_][A-Za-z0-9_.-]{0,99}';
const line = new RegExp(`^(${key})=(.*)$`);
const wholeKey = new RegExp(`^${key}$`);

export const isOutputKey = (text: string): boolean => wholeKey.test(text);

/** The `key=value` lines of a text; lines of another shape are passed over. The last line for a key counts. @param isCut whether the text ends at the limit */
export function parseOutputs(
  text: string,
  isCut = Buffer.byteLength(text) >= maxOutputBytes,
): Readonly<Record<string, string>> {
  const lines = text.split('\n');
  // What the limit cuts is left out, not halved.
  if (isCut) lines.pop();
  const pairs = lines.flatMap((row) => {
    const match = line.exec(row.replace(/\r$/, ''));
    return match ? [[match[1] ?? '', match[2] ?? ''] as const] : [];
  });
  return Object.fromEntries(pairs.slice(-maxOutputs));
}
