import { checkAttempts, type Tell } from './check-attempts.ts';
import { checkTurns } from './check-turns.ts';
import type { BadFile, BatchEvidence, DroppedJob, LifeRecord, OutcomeSeen, Rejected, Sighting } from './evidence.ts';
import type { Flaw } from './flaw.ts';

/** A file under whose reading so many supervisors have died may be put aside. */
const poisonousDeaths = 4;

/** Everything that is wrong with what was dropped in the same time and had its end. */
export function checkBatch(evidence: BatchEvidence): Flaw[] {
  const flaws: Flaw[] = [];
  const tellOf =
    (subject: string): Tell =>
    (kind, text) =>
      flaws.push({ kind, subject, text });
  for (const sighting of evidence.sightings) checkSighting(sighting, evidence, tellOf(sighting.record.id));
  for (const job of evidence.jobs) checkJob(job, evidence, tellOf(job.key));
  for (const file of evidence.badFiles) checkBadFile(file, evidence, tellOf(file.file));
  checkReceived(evidence, tellOf);
  checkTurns(evidence, tellOf);
  return flaws;
}

/** What holds for every outcome that anybody could have read. */
function checkSighting(sighting: Sighting, { received }: BatchEvidence, tell: Tell): void {
  const { record, changes, uncaptured, alive } = sighting;
  if (changes > 0) tell('outcome-changed', `${changes} times after it was first seen`);
  if (uncaptured.length > 0) tell('captured-late', `there before its events ${uncaptured.join(' ')}`);
  if (alive.length > 0) tell('lived-on', `processes ${alive.join(' ')} were there after the outcome`);
  for (const { sentry } of [record, ...record.attempts]) {
    const eventId = sentry?.eventId;
    if (eventId && !received.some((event) => event.eventId === eventId))
      tell('not-received', `event ${eventId} never reached the receiver`);
  }
}

function checkJob(job: DroppedJob, evidence: BatchEvidence, tell: Tell): void {
  const own = evidence.sightings.filter(({ record }) => record.name === job.key && record.pipelineId === null);
  const refused = evidence.rejected.filter(({ name }) => isFor(job.file, name));
  const marks = evidence.marks.filter(({ key }) => key === job.key);
  if (own.length === 0 && refused.length > 0 && refused.every((file) => isPoisonous(file, job, evidence.lives)))
    return checkRefusal({ ...job, code: 'POISONOUS', sha256: null }, evidence, tell);
  if (job.twinFile !== null && own.length === 0 && refused.length > 0) {
    checkRefusal({ ...job, code: 'DUPLICATE_ID', sha256: null }, evidence, tell);
    if (!evidence.sightings.some(({ record }) => record.id === job.id)) tell('lost', 'both twins were refused');
    return;
  }
  if (refused.length > 0) tell('rejected-wrongly', JSON.stringify(refused[0]?.reason));
  if (own.length > 1) tell('several-outcomes', own.map(({ record }) => record.id).join(' '));
  const [sighting] = own;
  if (!sighting) return tell('lost', 'it has no outcome');
  const { record } = sighting;
  if (job.id !== null && record.id !== job.id) tell('wrong-outcome', `its id is ${record.id}`);
  if (marks.some(({ line }) => line >= sighting.marksBefore))
    tell('lived-on', 'it wrote on after its outcome was seen');
  checkAttempts({ ...evidence, ...job, record, marks }, tell);
  checkConclusion(job, record, evidence, tell);
}

/** What the last attempt, or the verifier, makes of the job. */
function checkConclusion(job: DroppedJob, record: OutcomeSeen, evidence: BatchEvidence, tell: Tell): void {
  const last = record.attempts.at(-1);
  const verifier = evidence.sightings.find(({ record: other }) => other.pipelineId === record.id);
  const verified = job.verifier !== null && last?.outcome === 'succeeded';
  if (!verified) {
    if (verifier) tell('wrong-verdict', 'a verifier ran that should not');
    const same = record.outcome === last?.outcome && record.cause === last?.cause;
    const told = record.sentry?.eventId ?? null;
    if (!same)
      tell('wrong-outcome', `${record.outcome} ${record.cause}, its last attempt ${last?.outcome} ${last?.cause}`);
    if (told !== (last?.sentry?.eventId ?? null))
      tell('wrong-outcome', `it names the event ${told}, not its last attempt’s`);
  } else if (verifier) {
    checkVerdict(job, record, verifier, evidence, tell);
  } else {
    tell('lost', 'its verifier has no outcome');
  }
  if (record.outcome === 'succeeded' && JSON.stringify(record.outputs) !== JSON.stringify(job.outputs))
    tell('wrong-outputs', JSON.stringify(record.outputs));
}

function checkVerdict(job: DroppedJob, record: OutcomeSeen, seen: Sighting, evidence: BatchEvidence, tell: Tell): void {
  const verifier = seen.record;
  const marks = evidence.marks.filter(({ key }) => key === `${job.key}+verify`);
  const ofPipeline = evidence.marks.findLast(({ key }) => key === job.key);
  if (ofPipeline && marks.some(({ line }) => line < ofPipeline.line))
    tell('overlap', 'its verifier began before its end');
  if (marks.some(({ line }) => line >= seen.marksBefore))
    tell('lived-on', 'its verifier wrote on after its outcome was seen');
  if (job.verifier)
    checkAttempts(
      { ...evidence, ...job, course: job.verifier, record: verifier, marks, kills: false, retries: 0 },
      tell,
    );
  const verdict = record.verdicts.map(({ id, outcome }) => `${id} ${outcome}`).join();
  if (verdict !== `${verifier.id} ${verifier.outcome}`) tell('wrong-verdict', `it tells of ${verdict}`);
  if (record.outcome !== verifier.outcome || record.cause !== verifier.cause)
    tell('wrong-verdict', `${record.outcome} ${record.cause} by a verifier that ${verifier.outcome} ${verifier.cause}`);
  const told = record.sentry?.eventId ?? null;
  const expected = verifier.outcome === 'crashed' ? (verifier.sentry?.eventId ?? null) : null;
  if (told !== expected) tell('wrong-verdict', `it names the event ${told}, its verifier ${expected}`);
}

function checkBadFile(bad: BadFile, evidence: BatchEvidence, tell: Tell): void {
  if (evidence.sightings.some(({ record }) => record.name === bad.key)) tell('bad-file-ran', 'it has an outcome');
  checkRefusal(bad, evidence, tell);
}

function checkRefusal(bad: BadFile, { marks, rejected, lives }: BatchEvidence, tell: Tell): void {
  const lines = marks.filter(({ key }) => key === bad.key).length;
  if (lines > 0) tell('bad-file-ran', `it wrote ${lines} lines`);
  const refused = rejected.filter(({ name }) => isFor(bad.file, name));
  if (refused.length !== 1) tell('not-rejected', `it is in rejected ${refused.length} times`);
  for (const file of refused) {
    const { reason, sha256 } = file;
    const isRight = reason?.code === bad.code && reason.file === bad.file && reason.message !== '';
    if (!isRight && !isPoisonous(file, bad, lives))
      tell('no-reason', `${JSON.stringify(reason)} in place of ${bad.code}`);
    if (bad.sha256 !== null && sha256 !== bad.sha256) tell('damaged', 'it is another file now');
  }
}

/** Put aside as what may have killed its readers, and so many of them were killed: Booty cannot know by whom. */
function isPoisonous(
  { reason }: Rejected,
  { droppedAtMs }: { readonly droppedAtMs: number },
  lives: readonly LifeRecord[],
): boolean {
  if (reason?.code !== 'POISONOUS') return false;
  const refusedAtMs = Date.parse(reason.refusedAt);
  const deaths = lives.filter(
    ({ endedAtMs, signal }) => signal === 'SIGKILL' && endedAtMs >= droppedAtMs && endedAtMs <= refusedAtMs,
  );
  return deaths.length >= poisonousDeaths;
}

/** Every event is of an attempt that its job tells of. */
function checkReceived({ received, sightings }: BatchEvidence, tellOf: (subject: string) => Tell): void {
  for (const { eventId, jobId, attempt } of received) {
    const record = sightings.find(({ record }) => record.id === jobId)?.record;
    const named = record?.attempts.some((one) => one.attempt === attempt && one.sentry?.eventId === eventId);
    if (!named)
      tellOf(jobId)('event-of-nothing', `event ${eventId} of attempt ${attempt}, which the outcome does not name`);
  }
}

/** Refused again after a kill in between, a file may have a number: `NAME.1`. */
const isFor = (file: string, name: string): boolean =>
  name === file || (name.startsWith(`${file}.`) && /^\d+$/.test(name.slice(file.length + 1)));
