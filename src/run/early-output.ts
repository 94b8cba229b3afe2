import type { OnOutput, StreamName } from './output.ts';

/**
 * What a child prints before anybody was told that it runs: one that is over at once may be read before that. Kept until
 * then, so that a start is told before what came of it. No more than its two pipes hold.
 */
export class EarlyOutput {
  readonly #onOutput: OnOutput;
  #kept: [stream: StreamName, chunk: Buffer][] | null = [];

  constructor(onOutput: OnOutput) {
    this.#onOutput = onOutput;
  }

  readonly write: OnOutput = (stream, chunk) => {
    if (this.#kept) this.#kept.push([stream, Buffer.from(chunk)]);
    else this.#onOutput(stream, chunk);
  };

  /** From here on nothing is kept. */
  letGo(): void {
    const kept = this.#kept ?? [];
    this.#kept = null;
    for (const [stream, chunk] of kept) this.#onOutput(stream, chunk);
  }
}
