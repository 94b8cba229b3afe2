import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import type { Root } from '../harness/root.ts';
import type { SupervisorProcess } from '../harness/supervisor.ts';

/* The jobs of a round of trouble: one that has ended before, two that run when it begins, three that come while it lasts. */

const mark = (root: Root, what: string): string => `echo "${what} $BOOTY_JOB_ID $BOOTY_ATTEMPT" >> ${root.in('marks')}`;

export const outcomesOf = {
  'runs-well': 'succeeded',
  'runs-badly': 'crashed',
  'comes-well': 'succeeded',
  'comes-badly': 'crashed',
  'comes-checked': 'rejected',
} as const;

function jobText(root: Root, id: keyof typeof outcomesOf): string {
  const wait = id.startsWith('runs') ? `while [ ! -e ${root.in('go')} ]; do sleep 0.02; done` : 'echo working';
  const end = id.endsWith('badly') ? 'echo broken >&2; exit 3' : 'true';
  const verify = id === 'comes-checked' ? 'verify: { run: echo no; exit 1 }\n' : '';
  return `id: ${id}\nrun: |\n  ${mark(root, 'start')}\n  ${wait}\n  ${mark(root, 'end')}\n  ${end}\n${verify}`;
}

/** Written before the trouble, for a producer has no more room than we: dropped by a rename. */
async function prepare(root: Root): Promise<void> {
  for (const id of Object.keys(outcomesOf) as (keyof typeof outcomesOf)[])
    await root.write(`spool/incoming/.${id}.yaml`, jobText(root, id));
  await root.write('spool/incoming/.bad.yaml', 'nonsense: 1\n');
}

const drop = (root: Root, name: string): Promise<void> =>
  rename(root.in('spool/incoming', `.${name}.yaml`), root.in('spool/incoming', `${name}.yaml`));

/** Starts the jobs that run when the trouble begins. */
export async function dropFirst(root: Root, supervisor: SupervisorProcess): Promise<void> {
  await prepare(root);
  for (const id of ['runs-well', 'runs-badly'] as const) {
    await drop(root, id);
    await supervisor.line({ kind: 'attempt.started', id });
  }
}

/** Those that are dropped while it lasts, and a file that is no job. */
export async function dropMore(root: Root): Promise<void> {
  for (const name of ['comes-well', 'comes-badly', 'comes-checked', 'bad']) await drop(root, name);
}

/** What a job that has ended left: its outcome, its log, a refused file. */
const goodState = ['spool/outcomes/was-done.json', 'lib/jobs/was-done/1.log', 'spool/rejected/was-bad.yaml'];

export async function makeGoodState(root: Root, supervisor: SupervisorProcess): Promise<ReadonlyMap<string, string>> {
  await supervisor.run({ id: 'was-done', run: 'seq 1000' });
  await root.drop('was-bad.yaml', 'nonsense: 1\n');
  await supervisor.line({ kind: 'job.refused' });
  return new Map(goodState.map((path) => [path, readFileSync(root.in(path), 'utf8')]));
}

export function assertUnchanged(root: Root, before: ReadonlyMap<string, string>): void {
  for (const [path, text] of before) assert.equal(readFileSync(root.in(path), 'utf8'), text, `${path} has changed`);
}
