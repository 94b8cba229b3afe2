import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import {
  type LogLevel,
  type LogLine,
  maxLogFileBytes,
  maxLogLines,
  maxLogMessage,
  printedLogLine,
} from '../job/module-call.ts';
import type { JobLog } from './define-job.ts';
import { describe } from './describe.ts';

/** Prints lines, and writes them down for Booty: it reads them where the job crashes, however it died. */
export class ModuleLog implements JobLog {
  readonly #path: string;
  /** The last ones. */
  readonly #lines: string[] = [];
  #bytes = 0;
  #broken = false;

  constructor(path: string) {
    this.#path = path;
  }

  info(message: string, data?: unknown): void {
    this.#tell('info', message, data);
  }

  warn(message: string, data?: unknown): void {
    this.#tell('warning', message, data);
  }

  error(message: string, data?: unknown): void {
    this.#tell('error', message, data);
  }

  #tell(level: LogLevel, message: string, data: unknown): void {
    const words = typeof message === 'string' ? message : describe(message);
    const text = data === undefined ? words : `${words} ${describe(data)}`;
    process.stderr.write(`${printedLogLine({ level, message: text })}\n`);
    const line: LogLine = { at: Date.now(), level, message: text.slice(0, maxLogMessage) };
    this.#keep(`${JSON.stringify(line)}\n`);
  }

  #keep(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > maxLogLines) this.#lines.shift();
    this.#bytes += Buffer.byteLength(line);
    if (this.#broken) return;
    try {
      if (this.#bytes <= maxLogFileBytes) appendFileSync(this.#path, line, { mode: 0o600 });
      else this.#startAnew();
    } catch (error) {
      // The line was printed: a disk that refuses it must not end the job.
      this.#broken = true;
      process.stderr.write(`booty: log lines are not kept as breadcrumbs from here on: ${describe(String(error))}\n`);
    }
  }

  #startAnew(): void {
    const text = this.#lines.join('');
    writeFileSync(`${this.#path}.new`, text, { mode: 0o600 });
    renameSync(`${this.#path}.new`, this.#path);
    this.#bytes = Buffer.byteLength(text);
  }
}
