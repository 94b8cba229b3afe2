import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { OutcomeRecord } from '../../src/job/outcome.ts';
import type { JournalLine } from '../harness/journal-line.ts';
import { runBooty } from '../harness/program.ts';
import type { Receiver } from '../harness/receiver.ts';
import type { Root } from '../harness/root.ts';
import { jobFlaws } from './job-flaws.ts';
import { startFast } from './scratch.ts';
import { refusedFiles, textOf } from './script.ts';
import { readMarks } from './witness.ts';

/*
 * Judges what is left of the scripted jobs by what their processes wrote, by the files that anybody can see, by what
 * Sentry got, and by SQLite's own word about the ledger: by nothing that Booty says of itself but its outcome files.
 */

/** Lines that a supervisor which only finds what a killed one left has no reason for. */
const alarming = new Set([
  'supervisor.failed',
  'crash.uncaptured',
  'attempt.unkillable',
  'ledger.delayed',
  'report.delayed',
  'workdir.left',
  'outbox.buried',
  'spool.left',
  'spool.degraded',
  'trouble.began',
  'machine.short',
]);

export class Evidence {
  readonly #root: Root;
  readonly #receiver: Receiver;
  readonly #seen = new Map<string, string>();
  readonly #flaws: string[] = [];
  readonly #told = new Set<string>();
  #ends = 0;

  constructor(root: Root, receiver: Receiver) {
    this.#root = root;
    this.#receiver = receiver;
  }

  /** To be called whenever a supervisor has ended, whatever it died of: what was told to anybody must be true already. */
  lookAfterEnd(lines: readonly JournalLine[]): void {
    this.#ends += 1;
    this.#hear(lines);
    this.#lookAtOutcomes();
    const safe = new Set([...this.#root.outbox(), ...this.#receiver.events.map((received) => received.id)]);
    const reported = [...this.#outcomes().values()].map((outcome) => outcome.sentry?.eventId);
    const lineReports = lines.filter((line) => line.kind === 'job.ended').map((line) => line.fields.event_id);
    for (const id of [...reported, ...lineReports])
      if (id && !safe.has(id)) this.#flaws.push(`event ${id} was reported before it was safe`);
  }

  /** Everything that is wrong once all is settled under a supervisor that nobody killed. */
  async flaws(lines: readonly JournalLine[]): Promise<string[]> {
    this.#hear(lines);
    this.#lookAtOutcomes();
    const outcomes = this.#outcomes();
    const marks = readMarks(this.#root.in('marks'));
    // Takes its time: whoever still lives writes meanwhile.
    const check = await runBooty(['check', '--root', this.#root.path], { env: startFast });
    return [
      ...this.#flaws,
      ...lines.filter((line) => line.kind !== null && alarming.has(line.kind)).map((line) => line.raw),
      ...readMarks(this.#root.in('marks'))
        .slice(marks.length)
        .map(({ id, attempt }) => `${id}: attempt ${attempt} lives on after its end`),
      ...jobFlaws(outcomes, marks, this.#ends),
      ...this.#fileFlaws(),
      ...this.#eventFlaws(outcomes),
      ...[...outcomes.keys()].filter((name) => !this.#told.has(name)).map((id) => `${id}: no line job.ended`),
      ...(/^all is well$/m.test(check.stdout) && check.status === 0
        ? []
        : [`booty check: ${check.stdout}${check.stderr}`]),
      ...ledgerFlaws(this.#root.in('lib/ledger.db')),
    ];
  }

  #hear(lines: readonly JournalLine[]): void {
    for (const line of lines) if (line.kind === 'job.ended') this.#told.add(line.fields.id ?? '');
  }

  /** No outcome that anybody could have read may change afterwards. */
  #lookAtOutcomes(): void {
    for (const name of this.#root.names('spool/outcomes')) {
      const text = readFileSync(this.#root.in('spool/outcomes', name), 'utf8');
      if (text !== (this.#seen.get(name) ?? text)) this.#flaws.push(`the outcome in ${name} has changed`);
      this.#seen.set(name, text);
    }
    for (const name of this.#seen.keys())
      if (!this.#root.has(join('spool/outcomes', name))) this.#flaws.push(`the outcome in ${name} has gone`);
  }

  /** By id. */
  #outcomes(): Map<string, OutcomeRecord> {
    const names = this.#root.names('spool/outcomes').map((name) => name.replace(/\.json$/, ''));
    return new Map(names.flatMap((id) => [[id, this.#root.outcome(id)] as const]).filter(isThere));
  }

  #fileFlaws(): string[] {
    const wanted = Object.keys(refusedFiles).flatMap((name) => [name, `${name}.reason.json`]);
    const rejected = this.#root.names('spool/rejected');
    const flaws = wanted.filter((name) => !rejected.includes(name)).map((name) => `rejected/${name} is missing`);
    for (const [name, code] of Object.entries(refusedFiles)) {
      if (flaws.length > 0) break;
      if (readFileSync(this.#root.in('spool/rejected', name), 'utf8') !== textOf(this.#root, name))
        flaws.push(`rejected/${name} is not what was dropped`);
      const reason = JSON.parse(readFileSync(this.#root.in('spool/rejected', `${name}.reason.json`), 'utf8')) as Reason;
      if (reason.code !== code) flaws.push(`rejected/${name}: ${reason.code} in place of ${code}`);
    }
    const files = ['spool/incoming', 'spool/incoming/.claimed', 'spool/outcomes', 'spool/rejected', 'lib/outbox'];
    const left = files.flatMap((directory) => this.#root.hidden(directory).map((name) => `${directory}/${name}`));
    const extra = rejected.filter((name) => !wanted.includes(name)).map((name) => `spool/rejected/${name}`);
    const lying = ['spool/incoming', 'spool/incoming/.claimed', 'lib/outbox/dead'].flatMap((directory) =>
      this.#root.names(directory).map((name) => `${directory}/${name}`),
    );
    const known = new Set(['spool/incoming/.claimed']);
    return [
      ...flaws,
      ...[...left, ...extra, ...lying].filter((path) => !known.has(path)).map((path) => `${path} is left`),
    ];
  }

  #eventFlaws(outcomes: ReadonlyMap<string, OutcomeRecord>): string[] {
    const events = new Map(this.#receiver.events.map((received) => [received.id, received.event]));
    const flaws: string[] = [];
    const owed = new Set<string>();
    for (const [id, outcome] of outcomes) {
      if (outcome.outcome === 'crashed' && !outcome.sentry?.eventId) flaws.push(`${id}: crashed, and has no event`);
      const records = [...outcome.attempts.map((attempt) => attempt.sentry), outcome.sentry];
      for (const eventId of records.flatMap((record) => record?.eventId ?? [])) {
        owed.add(eventId);
        const event = events.get(eventId);
        if (!event) flaws.push(`${id}: its event ${eventId} never came`);
        else if (event.tags?.job_id !== id && event.tags?.job_id !== `${id}+verify`)
          flaws.push(`${id}: its event ${eventId} is of ${event.tags?.job_id}`);
      }
    }
    for (const id of events.keys()) if (!owed.has(id)) flaws.push(`event ${id} belongs to no attempt`);
    return flaws;
  }
}

interface Reason {
  readonly code: string;
}

const isThere = (entry: readonly [string, OutcomeRecord | null]): entry is [string, OutcomeRecord] => entry[1] !== null;

/** What SQLite itself says, and what is still under way. */
function ledgerFlaws(path: string): string[] {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
  try {
    const count = (sql: string): unknown => Object.values(database.prepare(sql).get() ?? {})[0];
    const integrity = count('PRAGMA quick_check');
    const open = count(`SELECT count(*) FROM job WHERE state <> 'ended'`);
    const unended = count('SELECT count(*) FROM attempt WHERE record IS NULL');
    const owed = count('SELECT count(*) FROM report');
    return [
      ...(integrity === 'ok' ? [] : [`quick_check: ${String(integrity)}`]),
      ...(open === 0 ? [] : [`${String(open)} jobs in the ledger have not ended`]),
      ...(unended === 0 ? [] : [`${String(unended)} attempts in the ledger have not ended`]),
      ...(owed === 0 ? [] : [`${String(owed)} reports are still owed`]),
    ];
  } finally {
    database.close();
  }
}
