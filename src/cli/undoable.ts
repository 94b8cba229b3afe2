import { readdirSync, readFileSync, rmdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode, isDirectory, makeDirectory, syncDirectorySync, writeDurablySync } from '../disk/durable.ts';
import { BootyError } from '../job/error.ts';

/** One change of the machine, and how it is taken back: also where it was made in part, or not at all. */
export interface Change {
  readonly what: string;
  perform(): void;
  undo(): void;
}

/** Makes all changes or none. @throws BootyError what failed, and what could not be taken back */
export function performAll(changes: readonly Change[]): void {
  const begun: Change[] = [];
  try {
    for (const change of changes) {
      begun.unshift(change);
      change.perform();
    }
  } catch (error) {
    throw withRemains(error, begun.flatMap(undone));
  }
}

/** Why it could not be undone; nothing where it was. */
function undone(change: Change): string[] {
  try {
    change.undo();
    return [];
  } catch (error) {
    return [`${change.what} (${error instanceof Error ? error.message : String(error)})`];
  }
}

function withRemains(error: unknown, remains: readonly string[]): unknown {
  const failure = systemFailure(error);
  if (!(failure instanceof BootyError)) return failure;
  const rest =
    remains.length === 0
      ? 'everything is as it was before'
      : `this could not be taken back: ${remains.join('; ')}. Then: booty schedule list`;
  return new BootyError(failure.code, failure.message, { hint: `${failure.hint}; ${rest}`, cause: failure });
}

/** A refusing disk as what it is, and not as a defect. */
export function systemFailure(error: unknown): unknown {
  const code = errorCode(error);
  if (code === null || error instanceof BootyError || !(error instanceof Error)) return error;
  return new BootyError('SCHEDULE_REFUSED', error.message, {
    hint: 'check the disk and the permissions',
    cause: error,
  });
}

/** A file with a new content; undone, it has its old one, or is gone. */
export function fileChange(
  path: string,
  content: string | Uint8Array,
  options: { mode: number; gid?: number },
): Change {
  const before = contentOf(path);
  return {
    what: path,
    perform: () => writeDurablySync(path, content, options),
    undo: () => {
      if (before !== null) writeDurablySync(path, before, options);
      else removeFile(path);
    },
  };
}

/** An empty file of which only the time counts is removed; undone, it has its time again. */
export function forgottenTime(path: string): Change {
  const before = statSync(path, { throwIfNoEntry: false });
  return {
    what: path,
    perform: () => rmSync(path, { force: true }),
    undo: () => {
      if (!before) return;
      writeFileSync(path, '');
      utimesSync(path, before.atimeMs / 1000, before.mtimeMs / 1000);
    },
  };
}

/** A directory that is made where it is not there; undone, it is gone where it was not there and nothing is in it. */
export function directoryChange(path: string): Change {
  const wasThere = isDirectory(path);
  return {
    what: path,
    perform: () => {
      makeDirectory(path, 0o755);
      syncDirectorySync(dirname(path));
    },
    undo: () => {
      if (!wasThere) removeIfEmpty(path);
    },
  };
}

/** What lies in it and kept it there. */
export function removeIfEmpty(directory: string): readonly string[] {
  try {
    const files = readdirSync(directory);
    if (files.length === 0) rmdirSync(directory);
    return files;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

export function removeFile(path: string): void {
  rmSync(path, { force: true });
  try {
    syncDirectorySync(dirname(path));
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

function contentOf(path: string): Uint8Array | null {
  try {
    return readFileSync(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}
