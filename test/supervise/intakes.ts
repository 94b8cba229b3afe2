import { mkdtempDisposableSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, readConfig } from '../../src/config/config.ts';
import { type Paths, resolvePaths } from '../../src/config/paths.ts';
import { TemplateShelf } from '../../src/config/templates.ts';
import { milliseconds } from '../../src/job/units.ts';
import type { JournalEvent } from '../../src/journal/event.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { Redactor } from '../../src/redact/redactor.ts';
import type { Acceptable, Acceptance } from '../../src/schedule/queue.ts';
import { prepareDirectories } from '../../src/spool/directories.ts';
import type { Reason } from '../../src/spool/refuse.ts';
import { Admission } from '../../src/supervise/admission.ts';
import { Intake } from '../../src/supervise/intake.ts';
import { type OpenLedger, openLedger } from '../ledger/opened.ts';
import { now } from '../schedule/jobs.ts';

type Accept = (drops: readonly Acceptable[], accept: () => Promise<Acceptance[]>) => Promise<Acceptance[]>;

/** A spool, and one supervisor's intake after the other. */
export class Intakes implements AsyncDisposable {
  readonly paths: Paths;
  readonly events: JournalEvent[] = [];
  readonly #directory = mkdtempDisposableSync(join(tmpdir(), 'booty-intake-'));
  readonly #opened: OpenLedger = openLedger();
  readonly #config: Config;
  #ledger: Ledger = this.#opened.queue;
  /** Stands between the intake and the ledger. */
  onAccept: Accept = (_drops, accept) => accept();

  constructor({ settleMs = 0 }: { readonly settleMs?: number } = {}) {
    this.paths = resolvePaths({ root: this.#directory.path }, {}, {});
    prepareDirectories(this.paths);
    this.#config = { ...readConfig(null).config, settleMs: milliseconds(settleMs) };
  }

  /** A job file that is known to be whole. */
  drop(name: string): void {
    this.write(name);
    const path = join(this.paths.incoming, name);
    utimesSync(path, 1000, 1000);
  }

  /** A job file that its producer has just written. */
  write(name: string): void {
    writeFileSync(join(this.paths.incoming, name), `id: ${name}\nrun: "true"\n`);
  }

  /** That of the next supervisor, after the one before has died. */
  async next(): Promise<Intake> {
    const ledger = await this.#opened.restart();
    this.#ledger = ledger;
    const queue = {
      accept: (drops: readonly Acceptable[]) => this.onAccept(drops, () => ledger.accept(drops, now)),
      claim: ledger.claim.bind(ledger),
      confirm: ledger.confirm.bind(ledger),
      release: ledger.release.bind(ledger),
      finish: ledger.finish.bind(ledger),
      nextChange: ledger.nextChange.bind(ledger),
      advance: ledger.advance.bind(ledger),
      control: ledger.control.bind(ledger),
      cancelling: ledger.cancelling.bind(ledger),
      setAging: ledger.setAging.bind(ledger),
    };
    return new Intake(
      this.paths,
      this.#config,
      queue,
      ledger.suspects,
      (event) => this.events.push(event),
      new Redactor(),
      new Admission({
        units: null,
        enforceable: new Set(),
        templates: new TemplateShelf(this.paths.templates, process.getuid?.() ?? 0),
        secrets: { names: new Set(), areOwn: true },
        ownUid: process.getuid?.() ?? 0,
      }),
    );
  }

  /** Ids of jobs that were accepted, in order. */
  get accepted(): string[] {
    return this.events.flatMap((event) => (event.kind === 'job.accepted' ? [event.id] : []));
  }

  /** How many jobs wait in the ledger. */
  get waiting(): number {
    return this.#ledger.counts().waiting;
  }

  /** Files that were refused, with the code of the reason. */
  get rejected(): string[] {
    const reasons = readdirSync(this.paths.rejected).filter((name) => name.endsWith('.reason.json'));
    return reasons
      .map((name) => JSON.parse(readFileSync(join(this.paths.rejected, name), 'utf8')) as Reason)
      .map(({ file, code }) => `${file} ${code}`)
      .sort();
  }

  /** What lies in incoming, and in the place of those that were taken. */
  get left(): string[] {
    return [...readdirSync(this.paths.incoming), ...readdirSync(this.paths.claimed)].filter(
      (name) => name !== '.claimed',
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened[Symbol.asyncDispose]();
    this.#directory.remove();
  }
}
