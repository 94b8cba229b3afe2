import { closeSync, fstatSync, readSync, realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { errorCode, openUntrusted } from '../disk/durable.ts';
import type { CrashReading, Frame } from './exception.ts';

/*
 * Lines of source around those of a stack. Only where the job file asks for it, and only of files in the job's own
 * directory: a stack is text that a job has printed, and may name any file of the machine.
 */

/** The lines of files, by the name that the stack gives them, and how many go along on either side. */
export interface Sources {
  readonly files: ReadonlyMap<string, readonly string[]>;
  readonly lines: number;
}

export const noSources: Sources = { files: new Map(), lines: 0 };

const maxFiles = 10;
const maxFileBytes = 1024 ** 2;
const maxLineLength = 200;

/**
 * Reads the job's own files of a stack.
 * @param workdir the job's working directory, beside which its script lies
 * @param lines how many go along on either side; 0: nothing is read
 */
export function readSources(reading: CrashReading | null, workdir: string, lines: number): Sources {
  if (!reading || lines === 0) return noSources;
  const frames = reading.exceptions.flatMap((exception) => exception.frames.filter(({ inApp }) => inApp));
  const names = new Set(frames.flatMap(({ file }) => file ?? []));
  const files = new Map<string, readonly string[]>();
  // The frames nearest to the crash say most.
  for (const name of [...names].toReversed().slice(0, maxFiles)) {
    const text = readOwn(name.replace(/^file:\/\/(?=\/)/, ''), workdir);
    if (text !== null) files.set(name, text.split(/\r?\n/));
  }
  return { files, lines };
}

/** The lines around that of the frame. */
export function contextLines({ file, line }: Frame, { files, lines }: Sources) {
  const all = file === null ? undefined : files.get(file);
  const at = (line ?? 0) - 1;
  if (!all || at < 0 || at >= all.length) return {};
  const short = (from: number, to: number): string[] =>
    all.slice(Math.max(0, from), to).map((text) => text.slice(0, maxLineLength).toWellFormed());
  return {
    pre_context: short(at - lines, at),
    context_line: short(at, at + 1)[0] ?? '',
    post_context: short(at + 1, at + 1 + lines),
  };
}

function readOwn(name: string, workdir: string): string | null {
  try {
    const own = realpathSync(dirname(workdir));
    const path = realpathSync(resolve(workdir, name));
    return path.startsWith(`${own}/`) ? readText(path) : null;
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return null;
  }
}

function readText(path: string): string | null {
  const file = openUntrusted(path);
  try {
    const status = fstatSync(file);
    if (!status.isFile() || status.size > maxFileBytes) return null;
    const buffer = Buffer.alloc(status.size);
    return buffer.toString('utf8', 0, readSync(file, buffer, 0, buffer.length, 0));
  } finally {
    closeSync(file);
  }
}
