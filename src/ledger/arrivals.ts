import type { StatementSync } from 'node:sqlite';
import type { JobId } from '../job/id.ts';
import { instantOf, type Job } from '../job/job.ts';
import type { Concurrency } from '../job/order.ts';
import type { Instant, Milliseconds } from '../job/units.ts';
import { laneOf, rankOf } from '../schedule/order.ts';
import type { Lanes } from './lanes.ts';
import type { Needs } from './needs.ts';
import { nullableText } from './rows.ts';
import type { statementTexts } from './statements.ts';

type Sql = Readonly<Record<keyof typeof statementTexts, StatementSync>>;

/** New jobs: where each stands among those that wait, and what it means for them. */
export class Arrivals {
  readonly #sql: Sql;
  readonly #lanes: Lanes;
  readonly #needs: Needs;
  /** In which time a job that waits gains one priority; null: it does not. */
  agingMs: Milliseconds | null;

  constructor(sql: Sql, lanes: Lanes, needs: Needs) {
    this.#sql = sql;
    this.#lanes = lanes;
    this.#needs = needs;
    const aging = sql.aging.get()?.value;
    this.agingMs = aging === undefined ? null : (Number(aging) as Milliseconds);
  }

  setAging(agingMs: Milliseconds | null, now: Instant): void {
    this.agingMs = agingMs;
    this.#sql.rankAll.run(agingMs ?? 0, agingMs ?? 0);
    // Others may be the best of their lanes now.
    this.#lanes.settleAll(
      this.#sql.contested.all().map((row) => nullableText(row.lane)),
      now,
    );
    if (agingMs === null) this.#sql.forgetAging.run();
    else this.#sql.setAging.run(String(agingMs));
  }

  /** @param token what its drop is known by; empty: it was not dropped */
  add(job: Job, token: string, fileName: string, retryOf: JobId | null): void {
    const { spec } = job;
    const lane = laneOf(spec);
    const standing = this.#needs.standing(spec.needs);
    const open = standing.kind === 'open' ? standing.ids : [];
    this.#sql.insertJob.run(
      job.id,
      spec.name,
      spec.kind,
      spec.priority,
      JSON.stringify(spec),
      job.pipelineId,
      token,
      fileName,
      job.droppedBy,
      job.droppedAt,
      job.acceptedAt,
      spec.notBefore && instantOf(spec.notBefore, job.droppedAt),
      spec.expires && instantOf(spec.expires, job.droppedAt),
      rankOf(spec.priority, job.acceptedAt, this.agingMs),
      lane,
      lane === null ? 0 : 1,
      open.length,
      standing.kind === 'failed' ? 'skipped' : null,
      standing.kind === 'failed' ? standing.reason : null,
      retryOf,
    );
    this.#needs.add(job.id, open);
    if (lane === null) return;
    this.#lanes.declare(lane, spec);
    // One that is not to run takes nobody's place.
    if (spec.concurrency && standing.kind === 'open') this.#compete(job, lane, spec.concurrency);
    this.#lanes.settle(lane, job.acceptedAt);
  }

  /** What a new job means for the others of its group, or they for it. */
  #compete(job: Job, lane: string, { group, limit, onNew }: Concurrency): void {
    const replaced = `replaced by ${job.id}, the newest of group ${group}`;
    switch (onNew) {
      case 'queue':
        return;
      case 'skip':
        if (Number(this.#sql.competitors.get({ 1: lane, 2: job.id, 3: limit })?.count) >= limit)
          this.#sql.skip.run(`group ${group} was busy when it came`, job.id);
        return;
      case 'cancel-running':
        this.#sql.replaceVerifiers.run(replaced, lane);
        this.#sql.replaceActive.run(replaced, lane);
        this.#sql.replaceWaiting.run(replaced, lane, job.id);
        return;
      case 'replace-waiting':
        this.#sql.replaceWaiting.run(replaced, lane, job.id);
    }
  }
}
