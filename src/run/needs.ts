import { join } from 'node:path';
import type { JobId } from '../job/id.ts';
import type { OutcomeRecord } from '../job/outcome.ts';
import type { JobPlace } from './workdir.ts';

/** Of all outputs together: a thousand jobs may have put out 64 KiB each. */
const maxNeedsBytes = 16 * 1024 ** 2;

export const needsPathOf = ({ directory }: JobPlace): string => join(directory, 'needs.json');

/**
 * What a job finds of those that it needs: `{ "ID": { "outcome": "succeeded", "outputs": {…} } }`. One whose record is kept no
 * longer is left out; so are the outputs of those, in the order of the job file, for which there is no more room.
 * @param recordOf the record of an ended job
 */
export function needsText(
  needs: readonly JobId[],
  recordOf: (id: JobId) => Pick<OutcomeRecord, 'outcome' | 'outputs'> | null,
  limit = maxNeedsBytes,
): string {
  let room = limit;
  const entries = needs.flatMap((id) => {
    const record = recordOf(id);
    if (!record) return [];
    room -= Buffer.byteLength(JSON.stringify(record.outputs));
    return [[id, { outcome: record.outcome, outputs: room < 0 ? {} : record.outputs }] as const];
  });
  return `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`;
}
