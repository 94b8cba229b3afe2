import type { CrashReader, ReadException } from '../exception.ts';

/*
 * What Rust prints for the error that `main` returned (std::process::Termination): `Error: ` and the error as its Debug
 * writes it, or, by the crates anyhow and eyre, its message and what caused it:
 *
 *   Error: ParseIntError { kind: InvalidDigit }
 *
 *   Error: cannot load /data/in.csv
 *
 *   Caused by:
 *       0: row 7: no price
 *       1: invalid digit found in string
 *
 * Others say `Error: ` too: the first counts only in Rust's own form, and where nothing follows.
 */

const errorLine = /^Error: (.+)$/;
const quoted = /^"((?:[^"\\]|\\.)*)"$/;
const struct = /^([A-Z]\w*) \{ \w+: .* \}$/;
const tuple = /^([A-Z]\w*)\((.+)\)$/;
const cause = /^ +(?:\d+: )?(\S.*)$/;
const maxCauses = 20;

export const readRustError: CrashReader = (lines) => readCaused(lines) ?? readDebug(lines);

function readDebug(lines: readonly string[]): ReturnType<CrashReader> {
  const at = lines.findLastIndex((line) => line.trim() !== '');
  const text = errorLine.exec(lines[at] ?? '')?.[1] ?? '';
  const exception = debugOf(text);
  return exception && { reading: { platform: 'native', exceptions: [exception] }, end: at + 1 };
}

function debugOf(text: string): ReadException | null {
  const string = quoted.exec(text)?.[1];
  if (string !== undefined) return { type: 'Error', value: string.replace(/\\(["\\])/g, '$1'), frames: [] };
  // Rust's strings stand in double quotes; JavaScript's and Python's, that look alike, in single ones.
  if (/'[^'\\]{2,}'/.test(text)) return null;
  const type = struct.exec(text)?.[1] ?? tupleType(text);
  return type === null ? null : { type, value: text, frames: [] };
}

function tupleType(text: string): string | null {
  const [, type = '', inside = ''] = tuple.exec(text) ?? [];
  const ofPython = /(?:Error|Exception|Exit|Warning|Interrupt|Iteration)$/.test(type) && !/\w \{ \w+: /.test(inside);
  return type && !ofPython ? type : null;
}

function readCaused(lines: readonly string[]): ReturnType<CrashReader> {
  const title = lines.findLastIndex((line) => line === 'Caused by:');
  const top = errorLine.exec(lines[title - 2] ?? '')?.[1];
  if (top === undefined || lines[title - 1] !== '') return null;
  const told = [top];
  let at = title + 1;
  for (; told.length <= maxCauses; at += 1) {
    const match = cause.exec(lines[at] ?? '');
    if (!match) break;
    told.push(match[1] ?? '');
  }
  if (told.length === 1) return null;
  const exceptions = told.map((value): ReadException => ({ type: 'Error', value, frames: [] })).toReversed();
  const [root, ...others] = exceptions;
  return root ? { reading: { platform: 'native', exceptions: [root, ...others] }, end: at } : null;
}
