import type { Event, EventHint } from '@sentry/node';
import { contextOf, runtimeOf, tagsOf } from './context.ts';
import { type Crash, eventIdOf } from './crash.ts';
import { fingerprintOf } from './grouping.ts';
import { cut, maxCrumbLength, maxCrumbs } from './limits.ts';
import { exceptionsOf } from './stack.ts';

/** The event as Sentry gets it. */
export function crashEvent(crash: Crash, hostName: string): { readonly event: Event; readonly hint: EventHint } {
  const { job, reading } = crash;
  const fingerprint = fingerprintOf(crash);
  const runtime = runtimeOf(crash);
  const event: Event = {
    event_id: eventIdOf(job, crash.attempt),
    level: crash.final && crash.cause !== 'rejected' ? 'error' : 'warning',
    platform: reading?.platform ?? 'other',
    timestamp: crash.endedAt / 1000,
    server_name: hostName,
    logger: 'booty',
    transaction: job.spec.name,
    exception: { values: exceptionsOf(crash) },
    ...(fingerprint ? { fingerprint } : {}),
    tags: tagsOf(crash),
    contexts: { job: contextOf(crash), ...(runtime ? { runtime } : {}) },
    breadcrumbs: crash.crumbs.slice(-maxCrumbs).map((crumb) => ({
      type: 'default',
      timestamp: crumb.at / 1000,
      category: crumb.category,
      message: cut(crumb.message, maxCrumbLength),
      level: crumb.level,
    })),
  };
  const attachments = crash.tails.map((tail) => ({
    filename: tail.fileName,
    data: Buffer.from(tail.data),
    contentType: 'text/plain',
  }));
  return { event, hint: { event_id: event.event_id ?? '', attachments } };
}
