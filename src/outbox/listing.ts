import { readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, syncDirectorySync } from '../disk/durable.ts';
import { instant, timestamp } from '../job/units.ts';
import { DropRecord } from './drop-record.ts';
import { type EnvelopeName, envelopeName, parseEnvelopeName } from './file-name.ts';

/*
 * The outbox as people see and change it by commands, beside a supervisor that runs or none. All that is changed is the
 * place of a whole file, by one rename or removal; the supervisor looks every few seconds what is there.
 */

export interface Listed extends EnvelopeName {
  readonly bytes: number;
  readonly isDead: boolean;
  readonly path: string;
}

/** Oldest first; none where there is no outbox. @throws the system's error */
export function listEnvelopes(outbox: string): readonly Listed[] {
  return [...filesOf(outbox, false), ...filesOf(join(outbox, 'dead'), true)];
}

function filesOf(directory: string, isDead: boolean): Listed[] {
  return namesIn(directory)
    .sort()
    .flatMap((name) => {
      const parsed = parseEnvelopeName(name);
      const path = join(directory, name);
      // Delivered while we look.
      const bytes = parsed && statSync(path, { throwIfNoEntry: false })?.size;
      return parsed && bytes !== undefined && bytes !== null ? [{ ...parsed, bytes, isDead, path }] : [];
    });
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Null where it has gone meanwhile. @throws the system's error */
export function readEnvelope({ path }: Listed): Buffer<ArrayBuffer> | null {
  return unlessGone(() => readFileSync(path));
}

/** Puts a dead one among those that wait, as the newest. Answers false where it has gone meanwhile. @throws the system's error */
export function putBack(outbox: string, { path, eventId, group }: Listed): boolean {
  const { name } = envelopeName(Date.now(), eventId, group);
  const done = unlessGone(() => {
    renameSync(path, join(outbox, name));
    syncDirectorySync(outbox);
    syncDirectorySync(join(outbox, 'dead'));
    return true;
  });
  return done ?? false;
}

/** Removes one, and records who did. Answers false where it has gone meanwhile. @throws the system's error */
export function removeEnvelope(outbox: string, { path, eventId }: Listed, who: string): boolean {
  const done = unlessGone(() => {
    rmSync(path);
    return true;
  });
  if (done) new DropRecord(outbox).note({ at: timestamp(instant(Date.now())), what: 'removed', eventId, why: who });
  return done ?? false;
}

function unlessGone<Result>(work: () => Result): Result | null {
  try {
    return work();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}
