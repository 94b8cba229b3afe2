import type { Tell } from './check-attempts.ts';
import type { BatchEvidence, LifeRecord, OutcomeSeen } from './evidence.ts';

/** An attempt, and since when its job waited for it at the latest. */
interface Turn {
  readonly id: string;
  readonly kind: string;
  readonly priority: number;
  readonly acceptedAtMs: number;
  readonly waitsFromMs: number;
  readonly isFirst: boolean;
  readonly fromMs: number;
  /** Null where it was lost: its steps may have ended long before the next supervisor said so. */
  readonly toMs: number | null;
}

/** One that is accepted waits from that moment on; the clock's step, and its rounding, aside. */
const acceptanceMs = 5;
/** Between the moment from which a job may run again and the look that lets it lie the loop's other work, and its disk. */
const lettingGoMs = 1500;

/** Whose turn it was, and how many ran at a time, by the times that the outcomes tell. */
export function checkTurns(evidence: BatchEvidence, tellOf: (subject: string) => Tell): void {
  const priorities = new Map(evidence.jobs.map(({ key, priority }) => [key, priority]));
  const waitsAgain = new Map(
    evidence.lives.flatMap(({ again }) =>
      again.map(({ jobId, attempt, fromAtMs }) => [`${jobId} ${attempt}`, fromAtMs]),
    ),
  );
  const turns = evidence.sightings.flatMap(({ record }) =>
    turnsOf(record, priorities.get(record.name) ?? 0, waitsAgain),
  );
  for (const kind of ['pipeline', 'verifier'] as const) {
    const own = turns.filter((turn) => turn.kind === kind);
    const most = mostAtOnce(own);
    const limit = evidence.concurrency[kind];
    if (most > limit) tellOf('turns')('too-many', `${most} ${kind}s ran at once, in ${limit} slots`);
  }
  checkOrder(
    turns.filter(({ kind }) => kind === 'pipeline'),
    evidence.lives,
    tellOf,
  );
}

/** @param waitsAgain from when on, by job and attempt; where its supervisor was killed before it could say so, nobody knows */
function turnsOf(record: OutcomeSeen, priority: number, waitsAgain: ReadonlyMap<string, number>): Turn[] {
  const acceptedAtMs = Date.parse(record.acceptedAt);
  return record.attempts.map(({ attempt, startedAt, endedAt, cause }, index) => ({
    id: record.id,
    kind: record.kind,
    priority,
    acceptedAtMs,
    waitsFromMs:
      index === 0
        ? acceptedAtMs + acceptanceMs
        : (waitsAgain.get(`${record.id} ${attempt - 1}`) ?? Number.POSITIVE_INFINITY) + lettingGoMs,
    isFirst: index === 0,
    fromMs: Date.parse(startedAt),
    toMs: cause === 'lost' ? null : Date.parse(endedAt ?? ''),
  }));
}

/** A slot that becomes free and is taken within a millisecond counts once. */
function mostAtOnce(turns: readonly Turn[]): number {
  const changes = turns.flatMap(({ fromMs, toMs }) =>
    toMs !== null && toMs > fromMs ? [[fromMs, 1] as const, [toMs, -1] as const] : [],
  );
  changes.sort(([a, up], [b, down]) => a - b || up - down);
  let [now, most] = [0, 0];
  for (const [, change] of changes) most = Math.max(most, (now += change));
  return most;
}

/** Higher priorities first, equal ones in order of arrival. */
function checkOrder(turns: readonly Turn[], lives: readonly LifeRecord[], tellOf: (subject: string) => Tell): void {
  for (const taken of turns) {
    const passedOver = turns.find(
      (other) =>
        other.id !== taken.id &&
        goesBefore(other, taken) &&
        other.waitsFromMs < taken.fromMs &&
        taken.fromMs < other.fromMs &&
        (other.isFirst || !stoodStill(lives, other.waitsFromMs, taken.fromMs)),
    );
    if (passedOver) tellOf(taken.id)('out-of-order', `it was taken while ${passedOver.id} waited`);
  }
}

const goesBefore = (one: Turn, other: Turn): boolean =>
  one.priority > other.priority || (one.priority === other.priority && one.acceptedAtMs < other.acceptedAtMs);

/** While a supervisor was stopped, the end of an attempt may have waited to be written. */
const stoodStill = (lives: readonly LifeRecord[], fromMs: number, toMs: number): boolean =>
  lives.some(({ stops, endedAtMs }) =>
    stops.some(([from, to]) => from <= toMs && fromMs - lettingGoMs <= Math.min(to, endedAtMs)),
  );
