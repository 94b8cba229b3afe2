import { basename } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';

export interface WatchEvents {
  /** May come any number of times for one change, and not at all where the kernel's queue overflowed. */
  readonly onChange: () => void;
  /** The watch stands, or has failed by now. */
  readonly onReady: () => void;
  /** Notification does not work any more; scans at intervals still do. */
  readonly onError: (message: string) => void;
}

/** Tells when something may have changed in a directory: a hint that makes the next scan come now. The scans at intervals are the truth. */
export class SpoolWatcher implements AsyncDisposable {
  readonly #watcher: FSWatcher;

  constructor(directory: string, { onChange, onReady, onError }: WatchEvents) {
    // One watch on the directory, none on its files: with `ignored` they never become chokidar's, and `raw` still tells of them.
    this.#watcher = watch(directory, {
      depth: 0,
      ignoreInitial: true,
      ignored: (path) => path !== directory,
      persistent: true,
    });
    this.#watcher.on('raw', (_event, path) => {
      if (!basename(String(path ?? '')).startsWith('.')) onChange();
    });
    // Whatever came before the watch stood.
    this.#watcher.on('ready', () => {
      onReady();
      onChange();
    });
    this.#watcher.on('error', (error) => onError(error instanceof Error ? error.message : String(error)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watcher.close();
  }
}
