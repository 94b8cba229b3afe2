import { appendFileSync, chownSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../disk/durable.ts';

/** An event that was not, or not any more, on its way to Sentry. */
export interface Dropped {
  /** RFC 3339. */
  readonly at: string;
  /** `counted`: another event tells of it. `removed`: it is gone. `buried`: it lies in dead/. */
  readonly what: 'counted' | 'removed' | 'buried';
  readonly eventId: string;
  readonly why: string;
}

const maxBytes = 256 * 1024;

/** `outbox/dropped.log`: a line of JSON for each, the newest last; one older file is kept beside it. For people: no promise rests on it. */
export class DropRecord {
  readonly #path: string;

  constructor(outbox: string) {
    this.#path = join(outbox, 'dropped.log');
  }

  /** Appends; a disk that refuses loses the line. */
  note(dropped: Dropped): void {
    try {
      const size = statSync(this.#path, { throwIfNoEntry: false })?.size;
      if (size !== undefined && size > maxBytes) renameSync(this.#path, `${this.#path}.1`);
      appendFileSync(this.#path, `${JSON.stringify(dropped)}\n`, { mode: 0o600 });
      if (process.getuid?.() === 0) this.#giveToOwner();
    } catch (error) {
      if (errorCode(error) === null) throw error;
    }
  }

  /** The newest last. @throws the system's error */
  read(): Dropped[] {
    return [`${this.#path}.1`, this.#path].flatMap((path) => {
      try {
        return readFileSync(path, 'utf8').split('\n').flatMap(droppedIn);
      } catch (error) {
        if (errorCode(error) === 'ENOENT') return [];
        throw error;
      }
    });
  }

  /** Root writes here by a command, the supervisor goes on writing. */
  #giveToOwner(): void {
    const { uid, gid } = statSync(join(this.#path, '..'));
    if (uid !== 0) chownSync(this.#path, uid, gid);
  }
}

function droppedIn(line: string): Dropped[] {
  try {
    return line === '' ? [] : [JSON.parse(line) as Dropped];
  } catch (error) {
    if (error instanceof SyntaxError) return []; // Torn by a power cut.
    throw error;
  }
}
