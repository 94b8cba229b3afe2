import type { PathChoices } from '../config/paths.ts';
import { renderEvent } from '../crash/render.ts';
import { BootyError } from '../job/error.ts';
import { formatBytes, formatDuration } from '../job/units.ts';
import { eventIn, takeApart } from '../outbox/envelope.ts';
import { readEnvelope } from '../outbox/listing.ts';
import { findEvent, listPermitted, permitted } from './outbox-events.ts';
import { findPlace } from './place.ts';
import { paint, print, printJson } from './terminal.ts';

/** One event, as text or as the JSON that Sentry gets. @throws BootyError EVENT_UNKNOWN, NOT_PERMITTED */
export function outboxShow(id: string, options: PathChoices & { readonly json?: boolean | undefined }): void {
  const { outbox } = findPlace(options).paths;
  const listed = findEvent(listPermitted(outbox, `booty outbox show ${id}`), id);
  const envelope = permitted(outbox, `booty outbox show ${id}`, () => readEnvelope(listed));
  const event = envelope && eventIn(envelope);
  if (!envelope || !event)
    throw new BootyError('EVENT_UNKNOWN', `event ${listed.eventId} ${envelope ? 'cannot be read' : 'has just gone'}`, {
      hint: envelope ? `look at ${listed.path}` : 'it was delivered',
    });
  if (options.json) {
    printJson(event);
    return;
  }
  const attachments = takeApart(envelope)
    .items.filter(({ header }) => header.type === 'attachment')
    .map(({ header, payload }) => ({ fileName: String(header.filename), bytes: payload.length }));
  print(renderEvent(event, attachments, paint));
  const age = formatDuration(Math.max(0, Date.now() - listed.storedAtMs));
  print(
    `\n${paint('dim', `event ${listed.eventId}, ${formatBytes(listed.bytes)}, ${listed.isDead ? 'given up' : 'waiting'} for ${age}, group ${listed.group}`)}`,
  );
}
