import { Receiver } from '../harness/receiver.ts';
import type { ReceivedEvent } from './evidence.ts';

/** What the receiver got, without the envelopes: a long run has many. */
export class Post implements AsyncDisposable {
  readonly events = new Map<string, ReceivedEvent>();
  /** Events that are no job's: the supervisor captured a defect of its own. */
  readonly strangers: string[] = [];
  /** Deliveries, those of the same event included. */
  count = 0;
  readonly #receiver: Receiver;

  private constructor(receiver: Receiver) {
    this.#receiver = receiver;
  }

  static async open(): Promise<Post> {
    const receiver = await Receiver.listen(0, () => post.#sort());
    const post = new Post(receiver);
    return post;
  }

  get dsn(): string {
    return this.#receiver.dsn;
  }

  behave(...behaviour: Parameters<Receiver['behave']>): Promise<void> {
    return this.#receiver.behave(...behaviour);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#receiver[Symbol.asyncDispose]();
  }

  #sort(): void {
    this.#receiver.requests.length = 0;
    for (const { id, event } of this.#receiver.events.splice(0)) {
      this.count += 1;
      const { job_id: jobId, attempt } = event.tags ?? {};
      if (jobId === undefined) this.strangers.push(`event ${id}: ${event.exception?.values[0]?.value}`);
      else this.events.set(id, { eventId: id, jobId, attempt: Number(attempt) });
    }
  }
}
