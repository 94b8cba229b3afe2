import { types } from 'node:util';
import { createContext, Script } from 'node:vm';
import type { Parameter, PathParameter, TextParameter, Value } from './template.ts';

/** What a value is, or what was expected in its place: `expected one of web, db`. */
export type Checked = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly expected: string };

const taken = (value: Value): Checked => ({ ok: true, value });
const expected = (what: string): Checked => ({ ok: false, expected: `expected ${what}` });

/** Control characters, and what ends a line in Unicode. */
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
const controlsBesideLines = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029]/;

/** Decides about one value of a submitter. Paths are looked at as texts: where their links lead is asked elsewhere. */
export function checkValue(parameter: Parameter, value: unknown): Checked {
  switch (parameter.type) {
    case 'boolean':
      return typeof value === 'boolean' ? taken(value) : expected('true or false');
    case 'integer': {
      const { min, max } = parameter;
      const fits = Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
      return fits ? taken(value as number) : expected(`a whole number from ${min} to ${max}`);
    }
    case 'string':
      return checkText(parameter, value);
    case 'path':
      return checkPath(parameter, value);
  }
}

function checkText(parameter: TextParameter, given: unknown): Checked {
  // `with: {version: 42}` is meant as it stands, as in a command.
  const value = typeof given === 'number' || typeof given === 'boolean' ? String(given) : given;
  if (typeof value !== 'string') return expected('text');
  const { choices, minLength, maxLength, allowDash, multiline, pattern } = parameter;
  if (choices) return choices.includes(value) ? taken(value) : expected(`one of ${choices.join(', ')}`);
  const length = Array.from(value).length;
  if (length < minLength)
    return expected(minLength === 1 ? 'a text that is not empty' : `at least ${minLength} characters`);
  if (length > maxLength) return expected(`at most ${maxLength} characters`);
  if (!value.isWellFormed()) return expected('text that is valid Unicode');
  if ((multiline ? controlsBesideLines : controls).test(value))
    return expected(multiline ? 'text without control characters' : 'one line, without control characters');
  if (!allowDash && value.startsWith('-')) return expected('a value that does not begin with -, as an option does');
  if (pattern === null) return taken(value);
  const match = matches(pattern, value);
  if (match === 'too-slow') return expected('a value that its pattern can be tried on within a moment');
  return match ? taken(value) : expected(`what matches ${pattern}`);
}

/** The longest path that the system takes (PATH_MAX), with its NUL. */
const maxPathBytes = 4096;

function checkPath({ below }: PathParameter, value: unknown): Checked {
  if (typeof value !== 'string' || value === '') return expected(`a path below ${below}`);
  if (controls.test(value) || !value.isWellFormed()) return expected('a path without control characters');
  const parts = value.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) return expected(`a path below ${below}, without ..`);
  const base = below.split('/').filter((part) => part !== '');
  const isAbsolute = value.startsWith('/');
  const rest = isAbsolute ? parts.slice(base.length) : parts;
  const isBelow = !isAbsolute || base.every((part, index) => parts[index] === part);
  if (!isBelow || rest.length === 0) return expected(`a path below ${below}`);
  const path = `/${[...base, ...rest].join('/')}`;
  return Buffer.byteLength(path) < maxPathBytes ? taken(path) : expected('a shorter path');
}

/** A pattern that goes back and forth over a value must not hold up the supervisor. Of processor time, and of the clock for one try. */
const matchLimitMs = 50;
/** On a busy machine a try may end before it had the processor. */
const maxTries = 40;
const place = createContext(Object.create(null) as object);
const attempt = new Script('values.some((value) => pattern.test(value))');

/** Whether the whole of one of the values matches; `too-slow`: that takes more than a moment, for all of them together. */
export function matches(pattern: string, ...values: readonly string[]): boolean | 'too-slow' {
  Object.assign(place, { pattern: wholePattern(pattern), values });
  const before = process.threadCpuUsage();
  for (let tries = 1; tries <= maxTries; tries += 1) {
    const answer = tryOnce();
    if (answer !== null) return answer;
    const { user, system } = process.threadCpuUsage(before);
    if (user + system >= matchLimitMs * 1000) break;
  }
  return 'too-slow';
}

/** Null where it was cut off. */
function tryOnce(): boolean | null {
  try {
    return attempt.runInContext(place, { timeout: matchLimitMs }) as boolean;
  } catch (error) {
    // It is an error of that context.
    if (types.isNativeError(error) && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return null;
    throw error;
  }
}

/** @throws SyntaxError */
export const wholePattern = (pattern: string): RegExp => new RegExp(`^(?:${pattern})$`, 'u');
