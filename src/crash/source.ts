import { closeSync, fstatSync, readSync, realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { errorCode, openUntrusted } from '../disk/durable.ts';
import { maxPatternBytes } from '../redact/patterns.ts';
import { Redactor } from '../redact/redactor.ts';
import type { CrashReading, Frame } from './exception.ts';

/*
 * Lines of source around those of a stack. Only where the job file asks for it, and only of files in the job's own
 * directory: a stack is text that a job has printed, and may name any file of the machine.
 */

/** The lines of files, by the name that the stack gives them, and how many go along on either side. */
export interface Sources {
  readonly files: ReadonlyMap<string, readonly string[]>;
  readonly lines: number;
  readonly redactor: Redactor;
}

interface Places {
  readonly workdir: string;
  readonly cwd: string;
}

export const noSources: Sources = { files: new Map(), lines: 0, redactor: new Redactor() };

const maxFiles = 10;
const maxFileBytes = 1024 ** 2;
const maxLineLength = 200;
/** So much of a line is looked through: a file may have but one line. */
const maxReadLength = 2048;

/**
 * Reads the job's own files of a stack.
 * @param places the job's working directory, beside which its script lies, and where its step was started
 * @param modules the job's modules, which may lie anywhere
 * @param lines how many go along on either side; 0: nothing is read
 */
export function readSources(
  reading: CrashReading | null,
  places: Places,
  modules: readonly string[],
  lines: number,
  redactor: Redactor,
): Sources {
  if (!reading || lines === 0) return noSources;
  const frames = reading.exceptions.flatMap((exception) => exception.frames.filter(({ inApp }) => inApp));
  const names = new Set(frames.flatMap(({ file }) => file ?? []));
  const files = new Map<string, readonly string[]>();
  // The frames nearest to the crash say most.
  for (const name of [...names].toReversed().slice(0, maxFiles)) {
    const text = readOwn(name.replace(/^file:\/\/(?=\/)/, ''), places, modules);
    if (text !== null) files.set(name, text.split(/\r?\n/));
  }
  return { files, lines, redactor };
}

/** The lines around that of the frame. */
export function contextLines({ file, line }: Frame, { files, lines, redactor }: Sources) {
  const all = file === null ? undefined : files.get(file);
  const at = (line ?? 0) - 1;
  if (!all || at < 0 || at >= all.length) return {};
  const from = Math.max(0, at - lines);
  const near = all.slice(from, at + 1 + lines).map((text) => text.slice(0, maxReadLength));
  // Together, as a key has many lines; and before they are cut. Where fewer are left, they cannot be told apart.
  const clean = redactor.text(near.join('\n')).split('\n');
  if (clean.length !== near.length) return {};
  const short = clean.map((text, index) => {
    // What the first cut left of a secret stands at its end.
    const whole = near[index]?.length === maxReadLength ? text.slice(0, -maxPatternBytes) : text;
    return whole.slice(0, maxLineLength).toWellFormed();
  });
  return {
    pre_context: short.slice(0, at - from),
    context_line: short[at - from] ?? '',
    post_context: short.slice(at - from + 1),
  };
}

function readOwn(name: string, { workdir, cwd }: Places, modules: readonly string[]): string | null {
  try {
    const own = realpathSync(dirname(workdir));
    const path = realpathSync(resolve(cwd, name));
    return path.startsWith(`${own}/`) || modules.includes(name) ? readText(path) : null;
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
