import type { Telemetry } from '../config/telemetry.ts';
import type { CrashCapture } from '../crash/capture.ts';
import { envelopeEndpoint } from '../outbox/endpoint.ts';
import type { Outbox } from '../outbox/outbox.ts';
import { sendEnvelope } from '../outbox/send.ts';
import type { Redactor } from '../redact/redactor.ts';

const earlySendLimitMs = 3000;

export interface EarlyCapture {
  readonly capture: CrashCapture | null;
  /** From now on events go where they survive. */
  readonly keepIn: (outbox: Outbox) => void;
}

/** Captures from the first moment on: until there is an outbox, an event is sent at once or not at all. */
export async function openEarlyCapture(telemetry: Telemetry, redactor: Redactor): Promise<EarlyCapture> {
  // The SDK is large: without a DSN it is not even loaded.
  if (telemetry.kind === 'off') return { capture: null, keepIn: () => undefined };
  const endpoint = envelopeEndpoint(telemetry.dsn);
  let outbox: Outbox | null = null;
  const store = async (eventId: string, envelope: Buffer<ArrayBuffer>): Promise<void> => {
    if (outbox) return outbox.store(eventId, envelope);
    const reply = await sendEnvelope(endpoint, envelope, AbortSignal.timeout(earlySendLimitMs));
    if (reply.kind === 'unreachable') throw new Error(reply.message);
    if (reply.status < 200 || reply.status >= 300) throw new Error(`the server answered ${reply.status}`);
  };
  const { CrashCapture } = await import('../crash/capture.ts');
  return {
    capture: new CrashCapture(telemetry, { store }, redactor),
    keepIn: (opened) => {
      outbox = opened;
    },
  };
}
