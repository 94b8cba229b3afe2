import { flawsOfFound, flawsOfSettled } from './check-found.ts';
import type { Evidence, FileFound, JobFound, JournalEvidence } from './evidence.ts';
import { Found, Told } from './told.ts';

/** Lines of the journal that a sound machine has a reason for: there is work, and no Sentry. */
const expected = new Set([
  'attempt.ended',
  'cgroups.missing',
  'walls.raised',
  'attempt.started',
  'crash.captured',
  'job.accepted',
  'job.ended',
  'job.refused',
  'outbox.delayed',
  'supervisor.draining',
  'supervisor.ready',
  'supervisor.stopped',
]);

/**
 * Everything that is wrong with what came out of one machine over all its boots, in order. It knows Booty's promises, and
 * none of its code.
 */
export function flawsOf(boots: readonly (readonly Evidence[])[]): string[] {
  const told = new Told();
  const flaws = new Set<string>();
  boots.forEach((evidence, index) => {
    for (const flaw of flawsOfBoot(told, evidence)) {
      // One that stays is told once, with the boot that showed it.
      if (![...flaws].some((earlier) => earlier.endsWith(`: ${flaw}`))) flaws.add(`boot ${index + 1}: ${flaw}`);
    }
  });
  return [...flaws];
}

interface Boot {
  /** Jobs whose end was told in an earlier one. */
  readonly endedBefore: ReadonlySet<string>;
  /** Its supervisor was asked to stop. */
  readonly settles: boolean;
}

function* flawsOfBoot(told: Told, evidence: readonly Evidence[]): Generator<string> {
  const endedBefore = new Set([...told.ended.keys(), ...told.outcomes.keys()]);
  const boot: Boot = { endedBefore, settles: evidence.some((one) => one.kind === 'settled') };
  let found = new Found();
  let supervised = false;
  for (const one of evidence) {
    if (one.kind === 'looking') found = new Found();
    else if (one.kind === 'supervising') supervised = true;
    else if (one.kind === 'looked') {
      yield* flawsOfFound(told, found);
      if (supervised) yield* flawsOfSettled(told, found);
      rememberOutcomes(told, found);
    } else if (one.kind === 'file' || one.kind === 'job' || one.kind === 'ledger') found.add(one);
    else yield* flawsOfHappening(told, one, boot);
  }
}

type Happening = Exclude<Evidence, FileFound | JobFound | { kind: 'looking' | 'looked' | 'ledger' | 'supervising' }>;

function* flawsOfHappening(told: Told, one: Happening, boot: Boot): Generator<string> {
  switch (one.kind) {
    case 'dropped':
      told.drops.set(one.file, one);
      break;
    case 'submitted':
      told.submitted.add(one.file);
      break;
    case 'outcome':
      if ((told.outcomes.get(one.id) ?? one.sha256) !== one.sha256) yield `${one.id}: its outcome file has changed`;
      told.outcomes.set(one.id, one.sha256);
      break;
    case 'mark':
      if (one.what === 'start') yield* flawsOfStart(told.marked, one.id, one.attempt, boot);
      else if (told.marked.get(one.id) !== one.attempt)
        yield `${one.id}: attempt ${one.attempt} reached its end, and the latest is ${told.marked.get(one.id)}`;
      break;
    case 'exited':
      if (!boot.settles || one.status !== 0) yield `the supervisor ended with ${one.signal ?? one.status}`;
      break;
    case 'journal':
      yield* flawsOfLine(told, one, boot);
      break;
    case 'settled':
      break;
  }
}

/** Whoever looked saw them. */
function rememberOutcomes(told: Told, found: Found): void {
  for (const { name, sha256 } of found.files.outcomes.values()) {
    const id = name.replace(/\.json$/, '');
    if (!told.outcomes.has(id)) told.outcomes.set(id, sha256);
  }
}

function* flawsOfStart(
  latest: Map<string, number>,
  id: string,
  attempt: number,
  { endedBefore }: Boot,
): Generator<string> {
  if (endedBefore.has(id)) yield `${id}: attempt ${attempt} began after its end was told`;
  const before = latest.get(id) ?? 0;
  if (attempt <= before) yield `${id}: attempt ${attempt} began after attempt ${before}`;
  latest.set(id, attempt);
}

function* flawsOfLine(told: Told, line: JournalEvidence, boot: Boot): Generator<string> {
  const { event, fields } = line;
  if (event === null) return;
  const slow = event === 'crash.uncaptured' && (fields.error ?? '').includes('not made within');
  if (!expected.has(event) && !slow) yield line.text;
  const { id = '', file = '', outcome = '' } = fields;
  switch (event) {
    case 'job.accepted':
      if (told.accepted.has(id)) yield `${id}: it was accepted twice`;
      if ([...told.accepted.values()].includes(file)) yield `${file}: it was accepted twice`;
      told.accepted.set(id, file);
      break;
    case 'job.refused':
      told.refused.add(file);
      break;
    case 'attempt.started':
      yield* flawsOfStart(told.started, id, Number(fields.attempt), boot);
      break;
    case 'crash.captured':
      told.captured.add(fields.event_id ?? '');
      break;
    case 'crash.uncaptured':
      told.tooSlow.add(id);
      break;
    case 'job.ended':
      if ((told.ended.get(id) ?? outcome) !== outcome)
        yield `${id}: it ended as ${told.ended.get(id)}, then as ${outcome}`;
      told.ended.set(id, outcome);
      break;
  }
}
