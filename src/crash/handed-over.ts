import {
  type HandedError,
  type LogLine,
  logLevels,
  maxHandedErrors,
  maxHandedFrames,
  maxLogLines,
  maxLogMessage,
  maxProperties,
} from '../job/module-call.ts';
import type { CrashReading, ReadException } from './exception.ts';
import { exceptionsOf, type Raised } from './readers/lineage.ts';
import { frameOf } from './readers/node-frame.ts';

/*
 * What the host of a module hands over. A job can write the same files: whatever is not as the host writes it makes the
 * whole of an error void, and is passed over among log lines.
 */

/** The exceptions in the text of module-error.json, linked as those that are read of what Node.js prints; null where it is none. */
export function readHandedError(text: string): CrashReading | null {
  const data = parseJson(text);
  if (!Array.isArray(data) || data.length === 0 || data.length > maxHandedErrors) return null;
  const errors = data.filter(isHandedError);
  if (errors.length < data.length || !errors.every(({ parent }, index) => isParentOf(parent, index))) return null;
  const root = raisedAt(errors, 0);
  return root && { platform: 'node', exceptions: exceptionsOf(root, root.parts.length > 0) };
}

/** Each comes after the one that it is a part of, so that there can be no circle. */
const isParentOf = (parent: number | null, index: number): boolean =>
  index === 0 ? parent === null : parent !== null && parent < index;

function raisedAt(errors: readonly HandedError[], id: number): Raised | null {
  const error = errors[id];
  if (!error) return null;
  const parts = errors.flatMap(({ parent, source }, index) => {
    const raised = parent === id ? raisedAt(errors, index) : null;
    return raised ? [{ source: source ?? 'cause', raised }] : [];
  });
  return { exception: exceptionOf(error), isGroup: error.isGroup, parts };
}

function exceptionOf({ type, value, frames, properties }: HandedError): ReadException {
  const read = frames.flatMap(({ call, source }) => {
    const frame = frameOf(call);
    return frame ? [{ ...frame, source }] : [];
  });
  return {
    type,
    value,
    frames: read.toReversed(),
    ...(Object.keys(properties).length > 0 ? { properties } : {}),
  };
}

/** The last hundred of the log lines in the text of module-log.jsonl. */
export function readLogLines(text: string): readonly LogLine[] {
  // As many more may be there as the host writes at most; lines of a job's own making are not gone through without end.
  return text
    .split('\n')
    .slice(-2 * maxLogLines)
    .flatMap((line) => {
      const data = parseJson(line);
      return isLogLine(data) ? [{ ...data, message: data.message.slice(0, maxLogMessage) }] : [];
    })
    .slice(-maxLogLines);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // The message of one that is nested too deeply.
    if (error instanceof SyntaxError || error instanceof RangeError) return null;
    throw error;
  }
}

const isObject = (data: unknown): data is Readonly<Record<string, unknown>> =>
  typeof data === 'object' && data !== null && !Array.isArray(data);

function isHandedError(data: unknown): data is HandedError {
  if (!isObject(data)) return false;
  const { type, value, frames, properties, parent, source, isGroup } = data;
  return (
    typeof type === 'string' &&
    type !== '' &&
    typeof value === 'string' &&
    Array.isArray(frames) &&
    frames.length <= maxHandedFrames &&
    frames.every(isHandedFrame) &&
    isObject(properties) &&
    Object.keys(properties).length <= maxProperties &&
    Object.values(properties).every((text) => typeof text === 'string') &&
    (parent === null || (Number.isSafeInteger(parent) && Number(parent) >= 0)) &&
    (source === null || (typeof source === 'string' && /^(?:cause|errors\[\d{1,9}\])$/.test(source))) &&
    typeof isGroup === 'boolean'
  );
}

/** As long as a line of what a program prints may be. */
const maxCallLength = 4000;

const isHandedFrame = (data: unknown): boolean =>
  isObject(data) &&
  typeof data.call === 'string' &&
  data.call.length <= maxCallLength &&
  (data.source === null || typeof data.source === 'string');

const isLogLine = (data: unknown): data is LogLine =>
  isObject(data) &&
  typeof data.message === 'string' &&
  logLevels.some((level) => level === data.level) &&
  Number.isSafeInteger(data.at);
