import { join } from 'node:path';
import { writeDurably } from '../disk/durable.ts';
import type { OutcomeRecord } from '../job/outcome.ts';
import type { Redactor } from '../redact/redactor.ts';

export const outcomePath = (outcomes: string, id: string): string => join(outcomes, `${id}.json`);

/** Makes the outcome file of an ended job, durably. Making it again makes the same file. */
export const writeOutcomeFile = (outcomes: string, record: OutcomeRecord, redactor: Redactor): Promise<void> =>
  writeDurably(outcomePath(outcomes, record.id), `${JSON.stringify(redactor.deep(record), null, 2)}\n`, {
    mode: 0o644,
  });
