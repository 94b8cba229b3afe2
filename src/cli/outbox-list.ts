import type { PathChoices } from '../config/paths.ts';
import { plainLine } from '../job/plain-line.ts';
import { formatBytes, formatDuration } from '../job/units.ts';
import { describeListed, type ListedEvent, permitted } from './outbox-events.ts';
import { type OutboxTotals, readOutbox } from './outbox-totals.ts';
import { findPlace } from './place.ts';
import { note, print, printJson, table } from './terminal.ts';

export interface OutboxListOptions {
  readonly dead?: boolean | undefined;
  readonly limit: number;
  readonly json?: boolean | undefined;
}

/** What waits for Sentry, oldest first; with `dead`, what was given up. @throws BootyError NOT_PERMITTED */
export function outboxList(paths: PathChoices, { dead = false, limit, json }: OutboxListOptions): void {
  const { outbox } = findPlace(paths).paths;
  const { events, total, totals, whys } = permitted(outbox, 'booty outbox list', () => {
    const { envelopes, dropped, ...rest } = readOutbox(outbox);
    const chosen = envelopes.filter(({ isDead }) => isDead === dead);
    return {
      events: chosen.slice(0, limit).map(describeListed),
      total: chosen.length,
      totals: { ...rest, dropped: dropped.filter(({ what }) => what !== 'buried') },
      whys: new Map(dropped.flatMap(({ what, eventId, why }) => (what === 'buried' ? [[eventId, why] as const] : []))),
    };
  });
  if (json) {
    printJson({ events: events.map((event) => ({ ...event, why: whys.get(event.eventId) ?? null })), ...totals });
    return;
  }
  if (events.length === 0) print(dead ? 'nothing was given up' : 'nothing waits');
  else print(rowsOf(events, dead ? whys : null));
  if (total > limit) note(`… and ${total - limit} more: booty outbox list --limit ${total}`);
  for (const line of describeTotals(totals, dead)) note(line);
}

function rowsOf(events: readonly ListedEvent[], whys: ReadonlyMap<string, string> | null): string {
  const header = ['EVENT', 'AGE', 'JOB', 'SIZE', 'GROUP', 'CRASHES', ...(whys ? ['WHY'] : []), 'TITLE'];
  const rows = events.map((event) => [
    event.eventId,
    formatDuration(event.ageMs),
    event.jobId === null ? '-' : plainLine(event.jobId),
    formatBytes(event.bytes),
    event.group.slice(0, 8),
    String(event.crashes),
    ...(whys ? [plainLine(whys.get(event.eventId) ?? 'unknown').slice(0, 60)] : []),
    plainLine(event.title).slice(0, 200),
  ]);
  return table(header, rows);
}

function describeTotals({ waiting, dead, untold, dropped, failing }: OutboxTotals, isDead: boolean): string[] {
  const last = dropped.at(-1);
  return [
    ...(isDead
      ? describeSize(waiting, 'waiting', 'booty outbox list')
      : describeSize(dead, 'given up', 'booty outbox list --dead')),
    ...(failing === null ? [] : [`deliveries fail: ${plainLine(failing.why)} (${failing.failures} in a row)`]),
    ...(untold === 0 ? [] : [`${untold} crash${untold === 1 ? '' : 'es'} counted, and told by an event to come`]),
    ...(last ? [`${dropped.length} dropped; the last at ${last.at}: ${last.eventId} (${plainLine(last.why)})`] : []),
  ];
}

const describeSize = ({ count, bytes }: OutboxTotals['dead'], what: string, command: string): string[] =>
  count === 0 ? [] : [`${count} ${what} (${formatBytes(bytes)}): ${command}`];
