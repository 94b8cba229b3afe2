import type { EndEvidence, LifeRecord, Mark } from './evidence.ts';
import type { Flaw, FlawKind } from './flaw.ts';

/** The clock of jobs has ticks of 10 ms, and the end of a supervisor is noticed a little later. */
const clockMs = 200;

/** Everything that is wrong with a supervisor that has ended. */
export function checkLife(life: LifeRecord, killsByJobs: readonly Mark[]): Flaw[] {
  const subject = `supervisor ${life.number}`;
  const flaw = (kind: FlawKind, text: string): Flaw => ({ kind, subject, text });
  return [
    ...life.complaints.map((text) => flaw('complained', text)),
    ...life.toldUncaptured.map((text) => flaw('captured-late', text)),
    ...(life.late === null ? [] : [flaw('too-late', life.late)]),
    ...(diedAsItShould(life, killsByJobs)
      ? []
      : [flaw(life.rival ? 'rival' : 'died', `exit status ${life.status}, signal ${life.signal}`)]),
  ];
}

function diedAsItShould(life: LifeRecord, killsByJobs: readonly Mark[]): boolean {
  const { status, signal, killed, terms, ready, stopped, rival } = life;
  if (killed && (signal === 'SIGKILL' || status === 0)) return true;
  if (rival) return status === 1;
  if (terms > 0 && status === 0) return true;
  // Before and after it handles signals there is nothing that one could harm.
  if (terms > 0 && signal === 'SIGTERM' && (!ready || (stopped && terms > 1))) return true;
  const byJob = killsByJobs.some(({ upMs }) => upMs >= life.launchedUpMs - clockMs && upMs <= life.endedUpMs + clockMs);
  return signal === 'SIGKILL' && byJob;
}

/** Everything that is wrong when all has ended. */
export function checkEnd(evidence: EndEvidence): Flaw[] {
  const flaw = (kind: FlawKind, subject: string, text: string): Flaw => ({ kind, subject, text });
  const listed = new Map(evidence.listed.map((row) => [row.id, row]));
  return [
    ...evidence.processesLeft.map((text) => flaw('process-left', text, 'still runs')),
    ...evidence.filesLeft.map((text) => flaw('file-left', text, 'is still there')),
    ...evidence.strangers.map((text) => flaw('stranger', text, 'belongs to nothing that was dropped')),
    ...evidence.shownOtherwise.map((id) => flaw('listed-otherwise', id, 'booty show tells something else')),
    ...evidence.listed
      .filter(({ id }) => !evidence.outcomes.has(id))
      .map(({ id, state }) => flaw('listed-otherwise', id, `is in booty list as ${state}, and has no outcome file`)),
    ...[...evidence.outcomes].flatMap(([id, { outcome, attempt }]) => {
      const row = listed.get(id);
      const same = row?.state === 'ended' && row.outcome === outcome && row.attempt === attempt;
      return same
        ? []
        : [flaw('listed-otherwise', id, `${outcome} after ${attempt} attempts, but ${JSON.stringify(row)}`)];
    }),
  ];
}
