import type { Emit, TroublePlace } from '../journal/event.ts';

const hints: Readonly<Record<TroublePlace, string>> = {
  state: 'nothing is taken or started until it is mended; what is recorded already is safe',
  spool: 'no job is taken until it is mended; what runs goes on, and nothing is lost',
  watch: 'new files are found by looking every few seconds; it is tried again now and then',
  ledger: 'no job is taken or started until it is mended; what runs goes on, and nothing is lost',
  jobs: 'no job is started until it is mended; no attempt is charged',
  machine: 'it is tried again after a while; no attempt is charged',
  processes: 'the job waits until they are gone: two attempts of a job never overlap',
  outcomes: 'outcome files are made as soon as that is mended',
  outbox: 'crash events are kept in memory meanwhile, as many as fit',
  sentry: 'nothing is lost: mend SENTRY_DSN in secrets.env, or the project in Sentry, then systemctl restart booty',
  control: 'jobs run as ever, but booty cancel, pause and the like find nobody; it is tried again every half minute',
};

/** What keeps the supervisor from its work now: each place is told once when it begins and once when it ends. */
export class Troubles {
  readonly #emit: Emit;
  readonly #current = new Map<TroublePlace, { readonly error: string; readonly sinceMs: number }>();

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  began(where: TroublePlace, error: unknown): void {
    if (this.#current.has(where)) return;
    const message = messageOf(error);
    this.#current.set(where, { error: message, sinceMs: performance.now() });
    this.#emit({ kind: 'trouble.began', where, error: message, hint: hints[where] });
  }

  ended(where: TroublePlace): void {
    const trouble = this.#current.get(where);
    if (!trouble) return;
    this.#current.delete(where);
    this.#emit({ kind: 'trouble.ended', where, durationMs: Math.round(performance.now() - trouble.sinceMs) });
  }

  has(where: TroublePlace): boolean {
    return this.#current.has(where);
  }

  get any(): boolean {
    return this.#current.size > 0;
  }

  /** One line for `systemctl status`; null where all is well. */
  get status(): string | null {
    const lines = [...this.#current].map(([where, { error }]) => `${where}: ${error}`);
    return lines.length > 0 ? lines.join('; ') : null;
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
