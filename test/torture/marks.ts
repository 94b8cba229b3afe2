import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Mark } from './evidence.ts';
import { uptimeMs } from './processes.ts';

/** Follows the file to which the jobs of a batch append. */
export class Marks implements Disposable {
  readonly path: string;
  readonly lines: Mark[] = [];
  readonly #file: number;
  #read = 0;
  #rest = '';

  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, 'a+', 0o666);
  }

  /** Reads what was appended since. */
  follow(): void {
    const { size } = fstatSync(this.#file);
    if (size === this.#read) return;
    const buffer = Buffer.alloc(size - this.#read);
    this.#read += readSync(this.#file, buffer, 0, buffer.length, this.#read);
    const lines = (this.#rest + buffer.toString('latin1')).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.lines.push(parseMark(line, this.lines.length));
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}

function parseMark(text: string, line: number): Mark {
  const [what = '', key, attempt, up] = text.split(' ');
  if (key === undefined || up === undefined) throw new Error(`not a line of a job: ${text}`);
  return { what, key, attempt: Number(attempt), upMs: uptimeMs(up), line };
}
