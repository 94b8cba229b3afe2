import { readdirSync, readFileSync } from 'node:fs';
import type { Root } from '../harness/root.ts';
import type { Batch } from './batch.ts';
import type { EndEvidence } from './evidence.ts';
import type { Post } from './post.ts';
import { jobProcesses } from './processes.ts';
import type { Witness } from './witness.ts';

/** So many of the outcomes are asked for by `booty show`. */
const shown = 5;

/** Looks at everything once the last supervisor has stopped. */
export async function lookAtTheEnd(
  root: Root,
  witness: Witness,
  post: Post,
  batches: readonly Batch[],
): Promise<EndEvidence> {
  const seen = [...witness.sightings].map(
    ([id, { record }]) => [id, { outcome: record.outcome ?? '', attempt: record.attempt }] as const,
  );
  return {
    outcomes: new Map([...witness.retired, ...seen]),
    listed: JSON.parse((await root.booty('list', '--json', '--limit', '100000')).stdout) as EndEvidence['listed'],
    shownOtherwise: await shownOtherwise(root, [...witness.sightings.keys()]),
    processesLeft: jobProcesses(root.path).map(({ pid, jobId }) => `${jobId} ${pid}`),
    filesLeft: [
      ...namesIn(root.in('spool/incoming'), '.claimed'),
      ...namesIn(root.in('spool/incoming/.claimed')),
      ...namesIn(root.in('lib/outbox')).filter((path) => path.endsWith('.envelope')),
      ...namesIn(root.in('lib/outbox/check-ins')),
      ...namesIn(root.in('lib/outbox/dead')),
    ],
    strangers: strangersOf(witness, post, batches),
  };
}

/** What a kill in the middle of writing left: a later start removes it. */
export const halfWrittenFiles = (root: Root): string[] =>
  ['spool/outcomes', 'spool/rejected'].flatMap((directory) =>
    namesIn(root.in(directory)).filter((path) => /\/\.[^/]+\.tmp$/.test(path)),
  );

function strangersOf(witness: Witness, post: Post, batches: readonly Batch[]): string[] {
  const unknown = (id: string): boolean => !witness.retired.has(id) && !witness.sightings.has(id);
  return [
    ...witness.revenants.map((id) => `the outcome ${id}, which was removed`),
    ...[...witness.sightings.values()]
      .filter(({ record }) => !batches.some((batch) => batch.has(record)))
      .map(({ record }) => `the outcome ${record.id}`),
    ...[...post.events.values()]
      .filter(({ jobId }) => unknown(jobId))
      .map(({ eventId, jobId }) => `event ${eventId} of ${jobId}`),
    ...post.strangers,
  ];
}

async function shownOtherwise(root: Root, ids: readonly string[]): Promise<string[]> {
  const otherwise: string[] = [];
  for (const id of ids.slice(-shown)) {
    const { stdout } = await root.booty('show', id, '--json');
    if (stdout !== readFileSync(root.in('spool/outcomes', `${id}.json`), 'utf8')) otherwise.push(id);
  }
  return otherwise;
}

const namesIn = (path: string, but?: string): string[] =>
  readdirSync(path)
    .filter((name) => name !== but)
    .map((name) => `${path}/${name}`);
