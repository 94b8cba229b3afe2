/** What the name of an envelope's file tells: `MILLISECONDS-EVENTID-GROUP.envelope`. */
export interface EnvelopeName {
  readonly name: string;
  readonly eventId: string;
  /** Crashes of one bug have one group. What has none (a defect of Booty, a file of an older version) is alone in its own. */
  readonly group: string;
  readonly storedAtMs: number;
}

const pattern = /^(\d{13})-([0-9a-f]{32})(?:-([0-9a-f]{32}))?\.envelope$/;

/** Null for any other file. */
export function parseEnvelopeName(name: string): EnvelopeName | null {
  const [, milliseconds, eventId, group] = pattern.exec(name) ?? [];
  if (milliseconds === undefined || eventId === undefined) return null;
  return { name, eventId, group: group ?? eventId, storedAtMs: Number(milliseconds) };
}

/** Thirteen digits in any year: names sort by time. */
export function envelopeName(storedAtMs: number, eventId: string, group: string | null): EnvelopeName {
  const own = group === null || group === eventId ? '' : `-${group}`;
  const name = `${String(storedAtMs).padStart(13, '0')}-${eventId}${own}.envelope`;
  return { name, eventId, group: group ?? eventId, storedAtMs };
}
