import type { EnvelopeName } from './file-name.ts';

type Sized = EnvelopeName & { readonly bytes: number };

/**
 * Which envelopes go where there is no room: the oldest duplicates, until so many bytes are free. The first of a group is
 * never among them. Null where even all duplicates are too little: then none goes.
 * @param inHand the id of the event that is being sent: it may have arrived
 */
export function victimsOf<Waiting extends Sized>(
  waiting: Iterable<Waiting>,
  neededBytes: number,
  inHand: string | null,
): readonly Waiting[] | null {
  const all = [...waiting];
  const firsts = new Map<string, Waiting>();
  for (const one of all) {
    const first = firsts.get(one.group);
    if (!first || one.name < first.name) firsts.set(one.group, one);
  }
  const victims: Waiting[] = [];
  let freed = 0;
  for (const one of all) {
    if (freed >= neededBytes) break;
    if (firsts.get(one.group) === one || one.eventId === inHand) continue;
    victims.push(one);
    freed += one.bytes;
  }
  return freed >= neededBytes ? victims : null;
}
