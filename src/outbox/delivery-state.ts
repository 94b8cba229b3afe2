import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../disk/durable.ts';

/** How deliveries go where they do not go well. */
export interface DeliveryFailing {
  /** `refused`: Sentry refuses whatever comes from here, and people have to mend it. */
  readonly state: 'delayed' | 'refused';
  readonly why: string;
  /** Of the last tries, in a row. */
  readonly failures: number;
}

/** `outbox/delivery.json`: for commands that people type beside a running supervisor. No promise rests on it. */
export class DeliveryState {
  readonly #path: string;

  constructor(outbox: string) {
    this.#path = join(outbox, 'delivery.json');
  }

  note(failing: DeliveryFailing): void {
    this.#unlessRefused(() => {
      writeFileSync(`${this.#path}.new`, JSON.stringify(failing), { mode: 0o600 });
      renameSync(`${this.#path}.new`, this.#path);
    });
  }

  clear(): void {
    this.#unlessRefused(() => rmSync(this.#path, { force: true }));
  }

  /** Null where all is well, as far as it is known. @throws the system's error */
  read(): DeliveryFailing | null {
    try {
      return JSON.parse(readFileSync(this.#path, 'utf8')) as DeliveryFailing;
    } catch (error) {
      if (errorCode(error) === 'ENOENT' || error instanceof SyntaxError) return null;
      throw error;
    }
  }

  #unlessRefused(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (errorCode(error) === null) throw error;
    }
  }
}
