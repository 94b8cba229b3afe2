import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { copyIdOf, type JobId } from '../job/id.ts';
import { instantOf, type Job } from '../job/job.ts';
import type { Instant } from '../job/units.ts';
import {
  type Answer,
  type Change,
  type Command,
  type Effect,
  maxChangesTold,
  type Scope,
  type Target,
} from '../schedule/control.ts';
import type { Arrivals } from './arrivals.ts';
import type { Lanes } from './lanes.ts';
import type { Needs } from './needs.ts';
import { prepareAll } from './prepared.ts';
import { type JobState, jobOf, nullableText, type Row, text } from './rows.ts';
import { open } from './statements.ts';

/** Which open jobs a target means; each has an index of its own. */
const conditions: Readonly<Record<Target['kind'], string>> = {
  id: `id = ?1 AND ${open}`,
  // A verifier goes with its pipeline.
  name: `name = ?1 AND ${open} AND pipeline_id IS NULL`,
  group: `lane = 'group:' || ?1 AND ${open}`,
};

const textsOf = (where: string) => ({
  list: `SELECT id, state, ending FROM job WHERE ${where} ORDER BY seq LIMIT ${maxChangesTold}`,
  count: `SELECT count(*) AS count FROM job WHERE ${where}`,
  lanes: `SELECT DISTINCT lane FROM job WHERE ${where} AND lane IS NOT NULL`,
  cancelVerifiers: `UPDATE job SET ending = 'cancelled', ending_reason = ?2 WHERE ending IS NULL AND ${open}
    AND pipeline_id IN (SELECT id FROM job WHERE ${where} AND state = 'verifying')`,
  cancel: `UPDATE job SET ending = 'cancelled', ending_reason = ?2 WHERE ${where} AND ending IS NULL`,
  hold: `UPDATE job SET held = ?2 WHERE ${where} AND state = 'waiting' AND ending IS NULL`,
  prioritize: `UPDATE job SET priority = ?2, rank = CASE WHEN ?3 = 0 THEN -?2 ELSE accepted_at - ?2 * ?3 END
    WHERE ${where} AND state = 'waiting' AND ending IS NULL`,
});

const otherTexts = {
  find: 'SELECT * FROM job WHERE id = ?',
  makeDue: 'UPDATE job SET due_at = NULL WHERE id = ?',
  pause: 'INSERT OR IGNORE INTO pause (scope, since) VALUES (?, ?)',
  resume: 'DELETE FROM pause WHERE scope = ?',
} as const;

/** All of its statements, by name and target. */
export const commandTexts: Readonly<Record<string, string>> = {
  ...otherTexts,
  ...Object.fromEntries(
    Object.entries(conditions).flatMap(([kind, where]) =>
      Object.entries(textsOf(where)).map(([name, sql]) => [`${name} by ${kind}`, sql]),
    ),
  ),
};

type Sql = Readonly<Record<keyof ReturnType<typeof textsOf>, StatementSync>>;

/** What people ask of jobs, done in the ledger: within one transaction, and for any number of jobs at once. */
export class Commands {
  readonly #lanes: Lanes;
  readonly #needs: Needs;
  readonly #arrivals: Arrivals;
  readonly #of: Readonly<Record<Target['kind'], Sql>>;
  readonly #sql: Readonly<Record<keyof typeof otherTexts, StatementSync>>;

  constructor(database: DatabaseSync, lanes: Lanes, needs: Needs, arrivals: Arrivals) {
    this.#lanes = lanes;
    this.#needs = needs;
    this.#arrivals = arrivals;
    this.#of = {
      id: prepareAll(database, textsOf(conditions.id)),
      name: prepareAll(database, textsOf(conditions.name)),
      group: prepareAll(database, textsOf(conditions.group)),
    };
    this.#sql = prepareAll(database, otherTexts);
  }

  perform(command: Command, now: Instant): Answer {
    switch (command.kind) {
      case 'cancel':
        return this.#change(command.target, now, cancelled, (sql, what) => {
          sql.cancelVerifiers.run(what, command.reason);
          sql.cancel.run(what, command.reason);
        });
      case 'hold':
        return this.#change(command.target, now, whileWaiting('held'), (sql, what) => sql.hold.run(what, 1));
      case 'release':
        return this.#change(command.target, now, whileWaiting('released'), (sql, what) => sql.hold.run(what, 0));
      case 'prioritize':
        return this.#change(command.target, now, whileWaiting('prioritized'), (sql, what) =>
          sql.prioritize.run(what, command.priority, this.#arrivals.agingMs ?? 0),
        );
      case 'retry':
        return this.#retry(command.id, command.newId, now);
      case 'pause':
      case 'resume':
        return this.#pause(command.kind, command.scope, now);
    }
  }

  #change(target: Target, now: Instant, effect: Tell, apply: (sql: Sql, what: string) => unknown): Answer {
    const sql = this.#of[target.kind];
    const what = wordOf(target);
    const rows = sql.list.all(what);
    if (rows.length === 0) return this.#nothing(target);
    const total = Number(sql.count.get(what)?.count);
    const changes = rows.map((row) => ({ id: text(row.id) as JobId, ...effect(row) }));
    apply(sql, what);
    this.#lanes.settleAll(
      sql.lanes.all(what).map((row) => nullableText(row.lane)),
      now,
    );
    return { kind: 'done', changes, total };
  }

  #nothing(target: Target): Answer {
    const ended = target.kind === 'id' ? this.#sql.find.get(target.id) : undefined;
    if (ended) return unchanged(text(ended.id) as JobId, `it has ended already: ${text(ended.outcome)}`);
    return {
      kind: 'unknown',
      message:
        target.kind === 'id'
          ? `no job ${target.id}`
          : `no job of the ${target.kind} ${wordOf(target)} that has not ended`,
      hint: 'booty list shows the newest jobs',
    };
  }

  #retry(id: JobId, newId: JobId | null, now: Instant): Answer {
    const row = this.#sql.find.get(id);
    if (!row) return this.#nothing({ kind: 'id', id });
    const job = jobOf(row);
    if (job.pipelineId !== null) return unchanged(id, `it verifies ${job.pipelineId}: retry that`);
    if (row.state !== 'ended') return this.#retryWaiting(row, job, now);
    const copyId = newId ?? this.#freeId(id);
    if (this.#sql.find.get(copyId)) return unchanged(id, `a job with the id ${copyId} exists already`);
    const objection = this.#needs.objection(copyId, job.spec.needs);
    if (objection !== null) return unchanged(id, `as ${copyId}, ${objection}`);
    const expires = job.spec.expires;
    const spec = {
      ...job.spec,
      notBefore: null,
      // A time that is over would end it at once.
      expires: expires && instantOf(expires, now) > now ? expires : null,
    };
    this.#arrivals.add({ ...job, id: copyId, spec, droppedAt: now, acceptedAt: now }, '', '', id);
    return { kind: 'done', changes: [{ id, effect: 'retried', detail: copyId }], total: 1 };
  }

  #retryWaiting(row: Row, { id }: Job, now: Instant): Answer {
    if (row.state !== 'waiting')
      return unchanged(id, row.state === 'running' ? 'it is running' : 'it is being verified');
    if (row.ending !== null) return unchanged(id, 'it is being ended');
    if (row.due_at === null) return unchanged(id, 'it waits already, and not for its time');
    this.#sql.makeDue.run(id);
    this.#lanes.settleAll([nullableText(row.lane)], now);
    return { kind: 'done', changes: [{ id, effect: 'due', detail: null }], total: 1 };
  }

  #freeId(id: JobId): JobId {
    for (let copy = 2; ; copy += 1) {
      const free = copyIdOf(id, copy);
      if (!this.#sql.find.get(free)) return free;
    }
  }

  #pause(kind: 'pause' | 'resume', scope: Scope, now: Instant): Answer {
    const word = scopeWord(scope);
    if (kind === 'pause') this.#sql.pause.run(word, now);
    else this.#sql.resume.run(word);
    if (scope.kind === 'group') this.#lanes.settle(word, now);
    return { kind: 'done', changes: [], total: 0 };
  }
}

type Tell = (row: Row) => { readonly effect: Effect; readonly detail: string | null };

const cancelled: Tell = ({ state, ending }) =>
  ending === null
    ? { effect: state === 'waiting' ? 'cancelled' : 'cancelling', detail: null }
    : { effect: 'unchanged', detail: 'it is being ended already' };

const whileWaiting =
  (effect: Effect): Tell =>
  ({ state, ending }) => {
    if (ending !== null) return { effect: 'unchanged', detail: 'it is being ended' };
    return state === 'waiting'
      ? { effect, detail: null }
      : { effect: 'unchanged', detail: stateText(state as JobState) };
  };

const stateText = (state: JobState): string => (state === 'verifying' ? 'it is being verified' : `it is ${state}`);

const unchanged = (id: JobId, detail: string): Answer => {
  const change: Change = { id, effect: 'unchanged', detail };
  return { kind: 'done', changes: [change], total: 1 };
};

function wordOf(target: Target): string {
  switch (target.kind) {
    case 'id':
      return target.id;
    case 'name':
      return target.name;
    case 'group':
      return target.group;
  }
}

function scopeWord(scope: Scope): string {
  switch (scope.kind) {
    case 'all':
      return 'all';
    case 'kind':
      return `kind:${scope.jobKind}`;
    case 'group':
      return `group:${scope.group}`;
  }
}
