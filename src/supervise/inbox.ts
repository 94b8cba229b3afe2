/** Messages in the order in which they came, for the one loop that acts on them. */
export class Inbox<Message> {
  #waiting: Message[] = [];
  #wake: PromiseWithResolvers<void> = Promise.withResolvers();

  push(message: Message): void {
    this.#waiting.push(message);
    this.#wake.resolve();
  }

  /** All that came since the last call; waits where nothing has. */
  async take(): Promise<Message[]> {
    if (this.#waiting.length === 0) {
      await this.#wake.promise;
    }
    this.#wake = Promise.withResolvers();
    const taken = this.#waiting;
    this.#waiting = [];
    return taken;
  }
}
