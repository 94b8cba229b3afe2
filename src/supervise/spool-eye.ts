import type { Paths } from '../config/paths.ts';
import { identityOf } from '../disk/identity.ts';
import { restoreSpool } from '../spool/directories.ts';
import { SpoolWatcher } from '../spool/watch.ts';
import type { Troubles } from './troubles.ts';

const retryMs = 60_000;

/** The kernel has no watch to spare (inotify(7)). What else refuses is the directory's, which each look tells of. */
const isShortage = (message: string): boolean => /\b(?:ENOSPC|EMFILE|ENFILE|ENOMEM)\b/.test(message);

/** Keeps watching `incoming`, also when it is another directory than before, or the kernel has no watch to spare for a while. */
export class SpoolEye implements AsyncDisposable {
  readonly #paths: Paths;
  readonly #troubles: Troubles;
  readonly #onChange: () => void;
  #watcher: SpoolWatcher | null = null;
  #watched: string | null = null;
  #isOpen = false;
  /** When it is to be tried again, by the monotonic clock; null while it works. */
  #retryAtMs: number | null = null;

  constructor(paths: Paths, troubles: Troubles, onChange: () => void) {
    this.#paths = paths;
    this.#troubles = troubles;
    this.#onChange = onChange;
  }

  /**
   * Begins to watch, where it does not yet: not before a look has found no more than it could take, since a watcher first
   * lists the whole directory. What cannot be watched is found by looking.
   */
  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#watch();
  }

  #watch(): void {
    this.#watched = identityOf(this.#paths.incoming);
    this.#retryAtMs = null;
    if (this.#watched === null) return;
    this.#watcher = new SpoolWatcher(this.#paths.incoming, {
      onChange: this.#onChange,
      onReady: () => {
        if (this.#retryAtMs === null) this.#troubles.ended('watch');
      },
      onError: (message) => {
        const isShort = isShortage(message);
        this.#retryAtMs ??= performance.now() + (isShort ? retryMs : 0);
        if (isShort) this.#troubles.began('watch', message);
      },
    });
  }

  /** To be called before each look: after a removal, a replacement or a mount there is another directory to watch. */
  async check(): Promise<void> {
    if (this.#troubles.has('spool')) restoreSpool(this.#paths);
    if (!this.#isOpen) return;
    const isDue = this.#retryAtMs !== null && performance.now() >= this.#retryAtMs;
    if (!isDue && identityOf(this.#paths.incoming) === this.#watched) return;
    await this[Symbol.asyncDispose]();
    this.#watch();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watcher?.[Symbol.asyncDispose]();
    this.#watcher = null;
  }
}
