import { createHash } from 'node:crypto';
import { type FSWatcher, readdirSync, readFileSync, watch } from 'node:fs';
import type { Root } from '../harness/root.ts';
import type { Bell } from './bell.ts';
import type { OutcomeSeen, Sighting } from './evidence.ts';
import type { Post } from './post.ts';
import { jobProcesses } from './processes.ts';

/** What is kept of an outcome whose batch was checked. */
export interface Retired {
  readonly hash: string;
  readonly outcome: string;
  readonly attempt: number;
}

/**
 * Watches the directories in which a failure becomes visible and in which it becomes safe. The kernel tells of both
 * through one queue (inotify(7), of which libuv has one), in the order in which they happened: an envelope that was
 * not told of before the outcome that names it came after it, however late we hear of both.
 */
export class Witness implements Disposable {
  readonly sightings = new Map<string, Sighting & { readonly hash: string }>();
  readonly retired = new Map<string, Retired>();
  /** Outcomes that came back after their batch was checked. */
  readonly revenants: string[] = [];
  readonly #root: Root;
  readonly #post: Post;
  readonly #captured = new Set<string>();
  readonly #watchers: readonly FSWatcher[];
  /** Told of an outcome when it is first seen; answers how many marks its batch has by then. */
  readonly #onSeen: (record: OutcomeSeen) => number;
  #unscanned: string[] = [];

  constructor(root: Root, post: Post, bell: Bell, onSeen: (record: OutcomeSeen) => number) {
    this.#root = root;
    this.#post = post;
    this.#onSeen = onSeen;
    const watchFor = (path: string, sign: string, onName: (name: string) => void): FSWatcher =>
      watch(root.in(path), (_, name) => {
        if (name === null || (name.startsWith('.') && sign !== 'claimed')) return;
        onName(name);
        bell.ring(sign);
      });
    this.#watchers = [
      watchFor('lib/outbox', 'envelope', (name) => this.#onEnvelope(name)),
      watchFor('spool/outcomes', 'outcome', (name) => this.#onOutcome(name)),
      watchFor('spool/incoming/.claimed', 'claimed', () => undefined),
    ];
  }

  /** Whether an event is safe at this moment: in the outbox, or delivered from there. */
  isSafe(eventId: string): boolean {
    if (this.#captured.has(eventId)) return true;
    const waits = readdirSync(this.#root.in('lib/outbox')).some((name) => eventOf(name) === eventId);
    // What is not there any more was received before: the receiver is in this very process.
    return waits || this.#post.events.has(eventId);
  }

  /** Looks at every outcome once more, whether it is still what it was. */
  compareAll(ids: readonly string[]): void {
    for (const id of ids) this.#onOutcome(`${id}.json`);
  }

  /** Forgets an outcome that was checked; its file may then be removed. */
  retire(id: string): void {
    const sighting = this.sightings.get(id);
    if (!sighting) return;
    const { record, hash } = sighting;
    for (const { sentry } of record.attempts) if (sentry?.eventId) this.#captured.delete(sentry.eventId);
    this.retired.set(id, { hash, outcome: record.outcome ?? '', attempt: record.attempt });
    this.sightings.delete(id);
  }

  [Symbol.dispose](): void {
    for (const watcher of this.#watchers) watcher.close();
  }

  #onEnvelope(name: string): void {
    const eventId = eventOf(name);
    if (eventId !== null) this.#captured.add(eventId);
  }

  #onOutcome(name: string): void {
    if (!name.endsWith('.json')) return;
    const id = name.slice(0, -'.json'.length);
    const text = this.#read(name);
    const known = this.sightings.get(id);
    if (known) {
      if (text === null || hashOf(text) !== known.hash) known.changes += 1;
    } else if (text !== null) {
      if (this.retired.has(id)) this.revenants.push(id);
      else this.#see(id, text);
    }
  }

  #see(id: string, text: string): void {
    const record = JSON.parse(text) as OutcomeSeen;
    const events = [record, ...record.attempts].flatMap(({ sentry }) => sentry?.eventId ?? []);
    const uncaptured = [...new Set(events)].filter((eventId) => !this.#captured.has(eventId));
    this.sightings.set(id, {
      record,
      changes: 0,
      uncaptured,
      alive: [],
      marksBefore: this.#onSeen(record),
      hash: hashOf(text),
    });
    if (this.#unscanned.push(id) === 1) setImmediate(() => this.#scan());
  }

  /** Whoever is still there after the outcome was, lived on. */
  #scan(): void {
    const ids = new Set(this.#unscanned);
    this.#unscanned = [];
    for (const { pid, jobId } of jobProcesses(this.#root.path)) {
      const sighting = ids.has(jobId) ? this.sightings.get(jobId) : undefined;
      if (sighting) this.sightings.set(jobId, { ...sighting, alive: [...sighting.alive, pid] });
    }
  }

  #read(name: string): string | null {
    try {
      return readFileSync(this.#root.in('spool/outcomes', name), 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw error;
    }
  }
}

const eventOf = (name: string): string | null =>
  /^\d+-([0-9a-f]{32})(?:-[0-9a-f]{32})?\.envelope$/.exec(name)?.[1] ?? null;
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
