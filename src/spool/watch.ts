import { basename } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';

/** Tells when something may have changed in a directory: a hint that makes the next scan come now. The scans at intervals are the truth. */
export class SpoolWatcher implements AsyncDisposable {
  readonly #watcher: FSWatcher;

  /**
   * @param onChange may be called any number of times for one change, and not at all where the kernel's queue overflowed
   * @param onError notification does not work any more; scans at intervals still do
   */
  constructor(directory: string, onChange: () => void, onError: (message: string) => void) {
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
    this.#watcher.on('ready', onChange);
    this.#watcher.on('error', (error) => onError(error instanceof Error ? error.message : String(error)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watcher.close();
  }
}
