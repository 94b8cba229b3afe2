import type { FileFound } from './evidence.ts';
import type { Found, Told } from './told.ts';

/** What lies on the disks against what was told before: everything that is missing, or not as it was. */
export function* flawsOfFound(told: Told, found: Found): Generator<string> {
  yield* flawsOfLedger(told, found);
  yield* flawsOfDrops(told, found);
  yield* flawsOfOutcomes(told, found);
  yield* flawsOfEvents(told, found);
  yield* flawsOfRefusals(told, found);
}

function* flawsOfLedger({ accepted, ended, drops }: Told, { ledger, jobs, files }: Found): Generator<string> {
  if (ledger === 'missing' && accepted.size > 0) yield 'the ledger is gone';
  if (typeof ledger === 'object') yield `the ledger is damaged: ${ledger.flaw}`;
  for (const id of accepted.keys()) if (!jobs.has(id)) yield `${id}: it was accepted, and is not in the ledger`;
  for (const [id, outcome] of ended) {
    const job = jobs.get(id);
    if (job?.state !== 'ended') yield `${id}: it ended, and is ${job?.state ?? 'nowhere'} in the ledger`;
    else if (job.outcome !== outcome) yield `${id}: it ended as ${outcome}, and has become ${job.outcome}`;
  }
  const taken = new Map<string, string>();
  for (const { id, file, state, reportOwed } of jobs.values()) {
    if (state === 'ended' && !reportOwed && !files.outcomes.has(`${id}.json`))
      yield `${id}: it has no outcome file, and the ledger owes none`;
    if (file === '') continue;
    const other = taken.get(file);
    if (other !== undefined) yield `${file}: it was taken twice, as ${other} and ${id}`;
    taken.set(file, id);
    if (!drops.has(file)) yield `${id}: nobody dropped ${file}`;
    if (files.incoming.has(file)) yield `${file}: it is job ${id}, and lies in incoming again`;
  }
}

function* flawsOfDrops({ drops, submitted }: Told, { files, jobs }: Found): Generator<string> {
  const known = new Set<string>([...files.incoming.keys(), ...[...files.claimed.keys()].map(nameOfClaimed)]);
  for (const { file } of jobs.values()) known.add(file);
  for (const { reason } of files.rejected.values()) if (reason) known.add(reason.file);
  for (const file of submitted) if (!known.has(file)) yield `${file}: it was submitted, and is nowhere`;

  const lying: readonly (readonly [string, FileFound])[] = [
    ...files.incoming,
    ...[...files.claimed].map(([name, found]) => [nameOfClaimed(name), found] as const),
    ...[...files.rejected].filter(([name]) => !name.endsWith('.reason.json')),
  ];
  for (const [name, { place, bytes, sha256 }] of lying) {
    const drop = drops.get(name) ?? drops.get(name.replace(/\.\d+$/, ''));
    if (!drop) yield `${place}/${name}: nobody dropped it`;
    // Its producer did not make it durable: the file system may have kept the name alone.
    else if (sha256 !== drop.sha256 && (bytes > 0 || submitted.has(drop.file)))
      yield `${place}/${name}: it is not as it was dropped (${bytes} bytes)`;
  }
}

/** `TOKEN.NAME` */
const nameOfClaimed = (name: string): string => name.slice(name.indexOf('.') + 1);

function* flawsOfOutcomes({ outcomes, tooSlow }: Told, { files, jobs }: Found): Generator<string> {
  for (const [id, sha256] of outcomes) {
    const now = files.outcomes.get(`${id}.json`);
    if (now && now.sha256 !== sha256) yield `${id}: its outcome file has changed (${now.bytes} bytes)`;
    if (!now && jobs.get(id)?.state !== 'ended') yield `${id}: its outcome could be read, and it has not ended`;
  }
  for (const { name, flaw, outcome } of files.outcomes.values()) {
    if (flaw !== null) yield `outcomes/${name}: it is not whole: ${flaw}`;
    if (!outcome) continue;
    const id = name.replace(/\.json$/, '');
    const end = jobs.get(id)?.outcome ?? 'nothing';
    if (end !== outcome.outcome) yield `outcomes/${name}: it says ${outcome.outcome}, and the ledger ${end}`;
    const excusable = outcome.capture === 'failed' && (tooSlow.has(id) || tooSlow.has(`${id}+verify`));
    if (outcome.outcome === 'crashed' && outcome.capture !== 'captured' && !excusable)
      yield `outcomes/${name}: its crash was not captured (${outcome.capture})`;
  }
}

function* flawsOfEvents({ captured }: Told, { files }: Found): Generator<string> {
  const waiting = new Set(
    [...files.outbox.keys()].map((name) => /^\d+-(\w+)(?:-\w+)?\.envelope$/.exec(name)?.[1] ?? ''),
  );
  for (const id of captured) if (!waiting.has(id)) yield `event ${id}: it was captured, and is not in the outbox`;
  for (const { name, outcome } of files.outcomes.values())
    if (outcome && outcome.eventId !== null && !waiting.has(outcome.eventId))
      yield `outcomes/${name}: its event ${outcome.eventId} is not in the outbox`;
  for (const { name, flaw, bytes } of files.outbox.values())
    if (flaw !== null) yield `outbox/${name}: it is not whole: ${flaw} (${bytes} bytes)`;
}

function* flawsOfRefusals({ refused, drops, submitted }: Told, { files }: Found): Generator<string> {
  for (const name of refused) {
    if (!files.rejected.has(`${name}.reason.json`)) yield `rejected/${name}: it was refused, and has no reason`;
    if (!files.rejected.has(name)) yield `rejected/${name}: it was refused, and is not there`;
  }
  for (const { name, flaw, reason } of files.rejected.values()) {
    if (flaw !== null) yield `rejected/${name}: it is not whole: ${flaw}`;
    if (!reason) continue;
    const drop = drops.get(reason.file);
    const excusable = reason.code === 'EMPTY' && !submitted.has(reason.file);
    if (drop?.expected !== 'refused' && !excusable)
      yield `rejected/${name}: ${reason.file} was refused with ${reason.code}, and is sound`;
  }
}

/** The same once everything has ended: nothing may be left over, and each job has the end that it was made for. */
export function* flawsOfSettled({ drops, submitted }: Told, { files, jobs }: Found): Generator<string> {
  for (const { place, name } of [...files.incoming.values(), ...files.claimed.values()])
    yield `${place}/${name}: it lies there in the end`;
  const taken = new Set([...jobs.values()].map(({ file }) => file));
  for (const file of submitted)
    if (drops.get(file)?.expected !== 'refused' && !taken.has(file)) yield `${file}: it never became a job`;
  for (const { id, state, reportOwed, file } of jobs.values()) {
    if (state !== 'ended' || reportOwed) yield `${id}: it has no end`;
    const expected = drops.get(file)?.expected;
    const end = files.outcomes.get(`${id}.json`)?.outcome;
    if (!end || expected === undefined || end.outcome === expected) continue;
    const verifier = files.outcomes.get(`${id}+verify.json`)?.outcome;
    // After some power cuts in its attempts a job is put aside.
    const putAside = [end, verifier].some((one) => one?.outcome === 'crashed' && one.cause === 'lost' && one.lost > 0);
    if (!putAside) yield `${id}: it ended as ${end.outcome}, and not as ${expected}`;
  }
}
