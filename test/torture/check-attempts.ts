import type { AttemptSeen, Course, End, Hit, LifeRecord, Mark, OutcomeSeen } from './evidence.ts';
import type { FlawKind } from './flaw.ts';

/** What is known of one job, or of one verifier. */
export interface Case {
  readonly course: Course;
  readonly onInterrupt: 'retry' | 'fail';
  readonly retries: number;
  readonly kills: boolean;
  readonly record: OutcomeSeen;
  /** Its own, in order. */
  readonly marks: readonly Mark[];
  readonly hits: readonly Hit[];
  readonly lives: readonly LifeRecord[];
}

export type Tell = (kind: FlawKind, text: string) => void;

/** After so many attempts that were lost, Booty puts a job aside. */
const poisonousAttempts = 3;
/** How much shorter than its limit an attempt must have been, by its own clock, to have kept it for sure. */
const limitMarginMs = 500;

/** Everything that is wrong with the attempts that an outcome tells of. */
export function checkAttempts(one: Case, tell: Tell): void {
  const { attempts, attempt: count } = one.record;
  if (attempts.length !== count || attempts.some(({ attempt }, index) => attempt !== index + 1))
    tell(
      'attempts-miscounted',
      `${count} attempts, of which it lists ${attempts.map(({ attempt }) => attempt).join(' ')}`,
    );
  attempts.forEach((attempt, index) => {
    checkEnding(one, attempt, index === attempts.length - 1, tell);
    checkCapture(attempt, tell);
    checkMarksOf(one, attempt, tell);
  });
  const lost = attempts.filter(({ cause }) => cause === 'lost').length;
  if (lost > poisonousAttempts) tell('put-aside-late', `${lost} attempts were lost`);
  if (lost === poisonousAttempts && attempts.at(-1)?.cause !== 'lost')
    tell('put-aside-late', `it ran again after ${lost} lost attempts`);
  checkOrderOfMarks(one, tell);
}

function checkEnding(one: Case, attempt: AttemptSeen, isLast: boolean, tell: Tell): void {
  const { attempt: number, outcome, cause } = attempt;
  const lives = one.lives.filter((life) => wasAlive(life, Date.parse(attempt.startedAt)));
  if (lives.length === 0) tell('outside-of-lives', `attempt ${number} began when no supervisor ran`);
  const stopped = lives.some(({ terms }) => terms > 0);
  const died = lives.some(({ killed, signal }) => killed || signal === 'SIGKILL');
  const interrupted = outcome === 'interrupted';
  const retried = failed(attempt) && failuresUpTo(one, number) <= one.retries;
  if (isLast && retried)
    tell('gave-up', `attempt ${number} failed, and none of its ${one.retries} retries is left out`);
  if (!isLast && !interrupted && !retried)
    tell('ran-again', `attempt ${number} had ended as ${outcome}, and another followed`);
  if (cause === 'lost') {
    const mayBeStopped = one.onInterrupt === 'fail' && !interrupted && stopped;
    if (!died && !mayBeStopped) tell('lost-without-kill', `attempt ${number}, whose supervisor was not killed`);
    if (interrupted && one.onInterrupt === 'fail')
      tell('ran-again', `attempt ${number} was lost, and may not be repeated`);
    if (!interrupted && one.onInterrupt === 'retry') checkPutAside(one.record, tell);
  } else if (interrupted) {
    if (!stopped) tell('interrupted-without-stop', `attempt ${number}, whose supervisor was not told to stop`);
    if (one.onInterrupt === 'fail') tell('ran-again', `attempt ${number} was interrupted, and may not be repeated`);
  } else if (!endsAsExpected(one, attempt)) {
    tell('wrong-outcome', `attempt ${number}: ${describe(attempt)} in place of ${describe(one.course.end)}`);
  }
}

const failed = ({ outcome, cause }: AttemptSeen): boolean => outcome === 'crashed' && cause !== 'lost';
const failuresUpTo = ({ record }: Case, number: number): number =>
  record.attempts.filter((attempt) => attempt.attempt <= number && failed(attempt)).length;

/** The ledger's instants have milliseconds, and so has our own clock: one may be cut and the other not. */
const wasAlive = (life: LifeRecord, atMs: number): boolean =>
  life.launchedAtMs - 1 <= atMs && atMs <= life.endedAtMs + 1;

function checkPutAside({ attempts }: OutcomeSeen, tell: Tell): void {
  const lost = attempts.filter(({ cause }) => cause === 'lost').length;
  if (lost < poisonousAttempts) tell('put-aside-early', `after ${lost} lost attempts`);
}

function endsAsExpected(one: Case, attempt: AttemptSeen): boolean {
  const { end, limitMs } = one.course;
  if (!one.kills && isLike(attempt, end)) return true;
  const { outcome, cause, exitCode, signal } = attempt;
  if (outcome !== 'crashed') return false;
  // What the torturer hit dies of it: the shell itself, or of the status that its child had.
  if (
    wasHit(one, attempt) &&
    ((cause === 'signal' && signal === 'SIGKILL') || (cause === 'exit-code' && exitCode === 137))
  )
    return true;
  return cause === 'timeout' && limitMs !== null && !keptLimit(one, attempt.attempt, limitMs);
}

const isLike = (attempt: AttemptSeen, end: End): boolean =>
  attempt.outcome === end.outcome &&
  attempt.cause === end.cause &&
  attempt.exitCode === end.exitCode &&
  attempt.signal === end.signal &&
  (end.reason === null || (attempt.reason ?? '').includes(end.reason));

const wasHit = ({ hits, record }: Case, { attempt }: AttemptSeen): boolean =>
  hits.some((hit) => hit.jobId === record.id && hit.attempt === attempt);

/** By what it wrote itself: a machine that stood still may well have made it slow. */
function keptLimit({ marks }: Case, attempt: number, limitMs: number): boolean {
  const [start, end] = ['start', 'end'].map((what) =>
    marks.find((mark) => mark.what === what && mark.attempt === attempt),
  );
  return start !== undefined && end !== undefined && end.upMs - start.upMs < limitMs - limitMarginMs;
}

function checkCapture({ attempt, outcome, cause, sentry }: AttemptSeen, tell: Tell): void {
  const isCrash = outcome === 'crashed' || cause === 'lost';
  if (isCrash && (sentry?.capture !== 'captured' || !sentry.eventId))
    tell('uncaptured', `attempt ${attempt} ended as ${outcome}, and its event is ${JSON.stringify(sentry)}`);
  if (!isCrash && sentry?.eventId) tell('event-of-nothing', `attempt ${attempt} ended as ${outcome}, with an event`);
}

/** An attempt that ended by itself must have written what it writes, once each. */
function checkMarksOf(one: Case, attempt: AttemptSeen, tell: Tell): void {
  const own = one.marks.filter((mark) => mark.attempt === attempt.attempt);
  const count = (what: string): number => own.filter((mark) => mark.what === what).length;
  if (count('dirty') > 0) tell('workdir-not-empty', `attempt ${attempt.attempt} found files of another`);
  if (count('start') > 1 || count('end') > 1)
    tell('ran-twice', `attempt ${attempt.attempt} has two beginnings or ends`);
  if (attempt.cause === 'lost' || attempt.outcome === 'interrupted') return;
  const { marks } = one.course;
  if (marks === 'none' && own.length > 0) tell('not-whole', `attempt ${attempt.attempt} ran what cannot be run`);
  if (wasHit(one, attempt) || attempt.cause === 'timeout' || marks === 'none') return;
  if (count('start') !== 1 || (marks === 'start-end' && count('end') !== 1))
    tell(
      'not-whole',
      `attempt ${attempt.attempt} ended as ${attempt.outcome}: ${own.map(({ what }) => what).join(' ')}`,
    );
}

/** No attempt begins before all that the one before it started is gone. */
function checkOrderOfMarks({ marks, record }: Case, tell: Tell): void {
  let latest = 0;
  for (const { what, attempt } of marks) {
    if (what === 'start' && attempt < latest) tell('overlap', `attempt ${attempt} began after attempt ${latest}`);
    if (what !== 'start' && attempt !== latest)
      tell('overlap', `attempt ${attempt} lived on after attempt ${latest} had begun`);
    latest = Math.max(latest, what === 'start' ? attempt : latest);
  }
  if (latest > record.attempt) tell('attempts-miscounted', `attempt ${latest} ran, of ${record.attempt}`);
}

const describe = (end: AttemptSeen | End): string =>
  [end.outcome, end.cause, end.exitCode, end.signal, end.reason].filter((part) => part !== null).join(' ');
