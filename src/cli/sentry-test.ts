import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { readEnvFile } from '../config/env-file.ts';
import type { PathChoices } from '../config/paths.ts';
import { decideTelemetry } from '../config/telemetry.ts';
import { BootyError } from '../job/error.ts';
import { envelopeEndpoint } from '../outbox/endpoint.ts';
import { sendEnvelope } from '../outbox/send.ts';
import { checkedEnvelope } from '../redact/envelope.ts';
import { findPlace } from './place.ts';
import { redactionOf } from './redaction.ts';
import { print, printJson } from './terminal.ts';

export interface SentryTestOptions extends PathChoices {
  readonly json?: boolean | undefined;
}

/** Sends one event and says whether it arrived. @throws BootyError TELEMETRY_REFUSED, SENTRY_UNREACHABLE */
export async function sentryTest(options: SentryTestOptions): Promise<void> {
  const { paths } = findPlace(options);
  const secrets = readEnvFile(paths.secrets);
  const { telemetry, errors, warnings } = decideTelemetry({
    secrets,
    release: readEnvFile(paths.release),
    environment: process.env,
  });
  if (telemetry.kind === 'off' || errors.length > 0) {
    throw new BootyError('TELEMETRY_REFUSED', [...errors, ...warnings].join('\nbooty: '), {
      hint: `put SENTRY_DSN=… into ${paths.secrets}`,
    });
  }
  const eventId = randomBytes(16).toString('hex');
  const endpoint = envelopeEndpoint(telemetry.dsn);
  const event = {
    event_id: eventId,
    timestamp: Date.now() / 1000,
    level: 'info',
    platform: 'other',
    logger: 'booty',
    server_name: hostname(),
    environment: telemetry.environment,
    ...(telemetry.release === null ? {} : { release: telemetry.release }),
    message: { formatted: 'booty sentry-test: events of this machine arrive' },
    tags: { booty_test: 'true' },
  };
  const payload = JSON.stringify(event);
  const envelope = [
    JSON.stringify({ event_id: eventId, sent_at: new Date().toISOString() }),
    JSON.stringify({ type: 'event', length: Buffer.byteLength(payload) }),
    payload,
    '',
  ].join('\n');
  const { redactor } = redactionOf(secrets, telemetry);
  const reply = await sendEnvelope(endpoint, checkedEnvelope(eventId, Buffer.from(envelope), redactor));
  if (reply.kind === 'unreachable') {
    throw new BootyError('SENTRY_UNREACHABLE', `${endpoint.host} cannot be reached: ${reply.message}`, {
      hint: 'check the host in the DSN, name resolution and the firewall; crashes wait in the outbox meanwhile',
    });
  }
  const { status } = reply;
  if (status < 200 || status >= 300) {
    throw new BootyError('SENTRY_UNREACHABLE', `${endpoint.host} refused the event: HTTP ${status}`, {
      hint: adviceFor(status),
    });
  }
  if (options.json)
    printJson({ eventId, host: endpoint.host, environment: telemetry.environment, release: telemetry.release });
  else
    print(
      `${endpoint.host} took event ${eventId} (environment ${telemetry.environment}, release ${telemetry.release ?? 'not set'})`,
    );
}

function adviceFor(status: number): string {
  if (status === 401 || status === 403)
    return 'the key in the DSN is not valid for that project: copy the DSN again from the project’s settings';
  if (status === 404) return 'there is no such project: copy the DSN again from the project’s settings';
  if (status === 429)
    return 'the quota is used up, or the server limits the rate: crashes wait in the outbox meanwhile';
  return 'look at the server; crashes wait in the outbox meanwhile';
}
