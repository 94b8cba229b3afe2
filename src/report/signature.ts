import { createHmac } from 'node:crypto';

/** What a webhook is signed with; why it cannot be used, where it is malformed. */
export type SigningKeys =
  | { readonly kind: 'keys'; readonly keys: readonly Buffer[] }
  | { readonly kind: 'malformed'; readonly why: string };

const prefix = 'whsec_';

/**
 * The keys in a variable: `whsec_` and base64, or several of them with spaces between, while one takes the other's place;
 * anything else is taken as it stands (standardwebhooks.com, Signature scheme).
 */
export function signingKeys(secret: string): SigningKeys {
  const parts = secret.trim().split(/\s+/);
  if (!secret.trim().startsWith(prefix)) return { kind: 'keys', keys: [Buffer.from(secret.trim(), 'utf8')] };
  const encoded = parts.map((part) => (part.startsWith(prefix) ? part.slice(prefix.length) : ''));
  if (!encoded.every((text) => /^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)))
    return { kind: 'malformed', why: 'expected base64 after whsec_' };
  return { kind: 'keys', keys: encoded.map((text) => Buffer.from(text, 'base64')) };
}

/** The header `webhook-signature`: one signature for each key. @param seconds as in `webhook-timestamp` */
export const sign = (keys: readonly Buffer[], id: string, seconds: number, body: string): string =>
  keys.map((key) => `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`).join(' ');
