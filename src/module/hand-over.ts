import { types } from 'node:util';
import {
  type HandedError,
  maxErrorFileBytes,
  maxHandedErrors,
  maxHandedFrames,
  maxProperties,
} from '../job/module-call.ts';
import { describe } from './describe.ts';

/** What is to be known of frames, each as V8 writes it. */
export interface FrameKnowledge {
  /** Whether it is Booty's own, of which nobody needs to hear. */
  isOurs(call: string): boolean;
  /** Its line of source; null where there is none. */
  sourceOf(call: string): string | null;
}

interface Limits {
  readonly errors: number;
  readonly frames: number;
  readonly properties: number;
  readonly text: number;
}

const maxDepth = 20;

/**
 * What was thrown, with its causes and members, as the JSON text that Booty gets. At most 256 KiB: where that is too
 * little, less is told of each. Never throws, whatever was thrown.
 */
export function handedError(thrown: unknown, known: FrameKnowledge): string {
  for (let share = 1; share >= 1 / 64; share /= 2) {
    const text = JSON.stringify(
      collect(thrown, known, {
        errors: Math.max(1, Math.floor(maxHandedErrors * share)),
        frames: Math.max(1, Math.floor(maxHandedFrames * share)),
        properties: Math.floor(maxProperties * share),
        text: Math.floor(8192 * share),
      }),
    );
    if (Buffer.byteLength(text) <= maxErrorFileBytes) return text;
  }
  throw new Error('a few lines of text took more than 256 KiB');
}

function collect(thrown: unknown, known: FrameKnowledge, limits: Limits): readonly HandedError[] {
  const all: HandedError[] = [];
  const visit = (value: unknown, parent: number | null, source: string | null, above: readonly unknown[]): void => {
    if (all.length >= limits.errors || above.length > maxDepth || above.includes(value)) return;
    const id = all.length;
    const members = isError(value) ? membersOf(value) : null;
    all.push({ ...one(value, known, limits), parent, source, isGroup: members !== null });
    if (!isError(value)) return;
    const way = [...above, value];
    const cause = read(value, 'cause');
    if (cause !== undefined && cause !== null) visit(cause, id, 'cause', way);
    members?.forEach((member, index) => visit(member, id, `errors[${index}]`, way));
  };
  visit(thrown, null, null, []);
  return all;
}

type Told = Pick<HandedError, 'type' | 'value' | 'frames' | 'properties'>;

function one(value: unknown, known: FrameKnowledge, limits: Limits): Told {
  if (!isError(value))
    return { type: 'Error', value: describe(value).slice(0, limits.text), frames: [], properties: {} };
  const message = textOf(read(value, 'message'));
  const reason = read(value, 'code') === 'ERR_UNHANDLED_REJECTION' ? rejection.exec(message)?.[1] : undefined;
  // What a promise was rejected with and is no error. The stack is then one of Node.js, which says nothing.
  if (reason !== undefined) return { type: 'Error', value: reason.slice(0, limits.text), frames: [], properties: {} };
  return {
    type: typeOf(value).slice(0, 200),
    value: message.slice(0, limits.text),
    frames: framesOf(textOf(read(value, 'stack')), message, known, limits.frames),
    properties: propertiesOf(value, limits),
  };
}

const rejection = /The promise rejected with the reason "(.*)"\.$/s;

/** By its name, or by its class where nobody gave it one. */
function typeOf(error: object): string {
  const name = textOf(read(error, 'name'));
  if (name !== '' && name !== 'Error') return name;
  const made = read(error, 'constructor');
  const className = typeof made === 'function' ? textOf(read(made, 'name')) : '';
  return className || name || 'Error';
}

/** Of a stack that does not hold its message: somebody has changed one of them. */
const maxStackText = 256 * 1024;

const placeAbove = /^(\/[^\n]+|file:\/\/[^\n]+):(\d+)\n/;
const caret = /^( *)\^+ *$/m;

/** The lines of a stack that are frames. What stands before the message is the place of what did not parse. */
function framesOf(stack: string, message: string, known: FrameKnowledge, most: number): HandedError['frames'] {
  const at = message === '' ? -1 : stack.indexOf(message);
  const calls = stack
    .slice(at < 0 ? -maxStackText : at + message.length)
    .split('\n')
    .filter((line) => line.startsWith('    at ') && !known.isOurs(line));
  // How Node.js came to call it says nothing.
  const own = calls.slice(0, calls.findLastIndex((call) => !call.includes('node:internal/')) + 1);
  const [, file, line] = placeAbove.exec(stack) ?? [];
  const column = (caret.exec(stack)?.[1]?.length ?? 0) + 1;
  const place = file === undefined ? [] : [`    at ${file}:${line}:${column}`];
  return [...place, ...own].slice(0, most).map((call) => ({ call: call.slice(0, 2000), source: known.sourceOf(call) }));
}

const shownElsewhere = new Set(['name', 'message', 'stack', 'cause', 'errors']);

function propertiesOf(error: object, limits: Limits): Readonly<Record<string, string>> {
  const properties: [string, string][] = [];
  for (const key of Object.keys(error)) {
    if (properties.length >= limits.properties) break;
    if (shownElsewhere.has(key)) continue;
    const property = Object.getOwnPropertyDescriptor(error, key);
    const text = property && 'value' in property ? describe(property.value) : '[getter]';
    properties.push([key.slice(0, 100), text.slice(0, limits.text)]);
  }
  return Object.fromEntries(properties);
}

/** The first of them; null for an error that is no group. An array may say that it is longer than anybody can look through. */
function membersOf(error: object): readonly unknown[] | null {
  const errors = read(error, 'errors');
  if (types.isProxy(errors) || !Array.isArray(errors)) return null; // In this order: a revoked proxy throws.
  const members = Array.from({ length: Math.min(errors.length, maxHandedErrors) }, (_, at) => read(errors, String(at)));
  return members.some(isError) ? members : null;
}

/** Also of another realm. A proxy is none: it could run code of its own whatever is asked of it. */
const isError = (value: unknown): value is object =>
  typeof value === 'object' &&
  value !== null &&
  !types.isProxy(value) &&
  (types.isNativeError(value) || inherits(value, Error.prototype));

function inherits(value: object, prototype: object): boolean {
  let above: unknown = Object.getPrototypeOf(value);
  for (let depth = 0; depth < 100 && typeof above === 'object' && above !== null; depth += 1) {
    if (above === prototype) return true;
    if (types.isProxy(above)) return false;
    above = Object.getPrototypeOf(above);
  }
  return false;
}

/** A getter may be there, and may throw: an error's name or message is mostly worth asking for. */
function read(holder: object, key: string): unknown {
  try {
    return Reflect.get(holder, key) as unknown;
  } catch {
    return undefined; // Of what it threw nobody would want to know.
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
