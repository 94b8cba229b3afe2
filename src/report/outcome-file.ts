import { join } from 'node:path';
import { writeDurably } from '../disk/durable.ts';
import type { OutcomeRecord } from '../job/outcome.ts';

export const outcomePath = (outcomes: string, id: string): string => join(outcomes, `${id}.json`);

/** Makes the outcome file of an ended job, durably. Making it again makes the same file. */
export const writeOutcomeFile = (outcomes: string, record: OutcomeRecord): Promise<void> =>
  writeDurably(outcomePath(outcomes, record.id), `${JSON.stringify(record, null, 2)}\n`, { mode: 0o644 });
