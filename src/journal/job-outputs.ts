import type { JobId } from '../job/id.ts';
import type { Job, JournalLevel } from '../job/job.ts';
import type { Redactor } from '../redact/redactor.ts';
import { AttemptLines, type LineParts } from './attempt-lines.ts';
import { Bucket, type Rate } from './bucket.ts';
import type { Emit } from './event.ts';
import { type JobFields, jobFields } from './record.ts';

/** Of all jobs together. About half of what the unit's LogRateLimitBurst lets through: the other half is for events. */
const totalRate: Rate = { burst: 25_000, perSecond: 1000 };
/** More than ever run at a time. */
const maxKnownJobs = 4096;

/** An attempt that is about to run. */
export interface Announced {
  readonly job: Pick<Job, 'id' | 'pipelineId'> & {
    readonly spec: Pick<Job['spec'], 'name' | 'kind' | 'tags' | 'journal'>;
  };
  readonly attempt: number;
}

/** What jobs print, as records of the journal; and what is known of jobs for the records of events. */
export class JobOutputs {
  readonly #parts: LineParts;
  /** The latest last. */
  readonly #known = new Map<JobId, JobFields>();
  #level: JournalLevel = 'all';

  constructor(
    channel: LineParts['channel'],
    redactor: Redactor,
    emit: Emit,
    clock: () => number = () => performance.now(),
  ) {
    this.#parts = { channel, redactor, emit, clock, total: new Bucket(totalRate, clock()) };
  }

  /** Who is to be told of what the attempt prints; null where that goes to its log only. */
  announce({ job, attempt }: Announced): AttemptLines | null {
    const known = this.#know(job);
    const level = job.spec.journal ?? this.#level;
    if (level === 'off') return null;
    const fields: JobFields = { BOOTY_JOB_ID: job.id, ...known, BOOTY_ATTEMPT: String(attempt) };
    return new AttemptLines({ id: job.id, attempt, fields, onlyErrors: level === 'errors' }, this.#parts);
  }

  /** For jobs that say nothing themselves. */
  setLevel(level: JournalLevel): void {
    this.#level = level;
  }

  fieldsOf(id: JobId): JobFields | null {
    return this.#known.get(id) ?? null;
  }

  #know({ id, pipelineId, spec }: Announced['job']): JobFields {
    const fields = this.#parts.redactor.deep({
      ...jobFields(spec),
      ...(pipelineId === null ? {} : { BOOTY_PIPELINE_ID: pipelineId }),
    });
    this.#known.delete(id);
    this.#known.set(id, fields);
    if (this.#known.size > maxKnownJobs) for (const oldest of this.#known.keys()) return this.#forget(oldest, fields);
    return fields;
  }

  #forget(id: JobId, fields: JobFields): JobFields {
    this.#known.delete(id);
    return fields;
  }
}
