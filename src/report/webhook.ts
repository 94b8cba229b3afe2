import type { OutcomeRecord } from '../job/outcome.ts';
import type { WebhookTarget } from '../job/report.ts';
import { type Deliverer, type Delivery, delayed, reasonOf, type SecretOf, type Try } from './delivery.ts';
import { decideWebhook } from './reply.ts';
import { sign, signingKeys } from './signature.ts';

/** What a webhook gets: the outcome file, and what it is about. The same over all tries. */
export const webhookBody = (record: OutcomeRecord): string => JSON.stringify({ type: 'job.ended', ...record });

/** POSTs outcomes, signed as Standard Webhooks (standardwebhooks.com). */
export class Webhooks implements Deliverer<WebhookTarget> {
  readonly #secretOf: SecretOf;

  constructor(secretOf: SecretOf) {
    this.#secretOf = secretOf;
  }

  async deliver(record: OutcomeRecord, target: WebhookTarget, attempt: Try): Promise<Delivery> {
    const body = webhookBody(record);
    const seconds = Math.floor(Date.now() / 1000);
    const signed = this.#signature(target, attempt.id, seconds, body);
    if (signed.kind === 'delayed') return signed;
    try {
      const response = await fetch(target.url, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          'User-Agent': 'booty',
          'webhook-id': attempt.id,
          'webhook-timestamp': String(seconds),
          ...signed.headers,
        },
        body,
        redirect: 'manual',
        signal: AbortSignal.any([attempt.signal, AbortSignal.timeout(target.timeoutMs)]),
      });
      const decision = decideWebhook(response.status, response.headers.get('retry-after'), Date.now());
      // Whatever it says beside its status, nobody reads it, however long it is.
      await response.body?.cancel().catch(() => undefined);
      return decision;
    } catch (error) {
      return delayed(reasonOf(error, target.timeoutMs));
    }
  }

  #signature(target: WebhookTarget, id: string, seconds: number, body: string): Signed | ReturnType<typeof delayed> {
    if (target.secret === null) return { kind: 'signed', headers: {} };
    const secret = this.#secretOf(target.secret);
    if (secret === null) return delayed(`secrets.env has no ${target.secret}`, 'report');
    const found = signingKeys(secret);
    if (found.kind === 'malformed') return delayed(`${target.secret} in secrets.env: ${found.why}`, 'report');
    return { kind: 'signed', headers: { 'webhook-signature': sign(found.keys, id, seconds, body) } };
  }
}

interface Signed {
  readonly kind: 'signed';
  readonly headers: Readonly<Record<string, string>>;
}
