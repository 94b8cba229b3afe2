import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Crash } from '../src/crash/crash.ts';
import { crashEvent } from '../src/crash/event.ts';
import { readCrash, titleOf } from '../src/crash/read.ts';
import { renderEvent } from '../src/crash/render.ts';
import { noSources } from '../src/crash/source.ts';
import type { Exit } from '../src/job/exit.ts';
import type { JobId } from '../src/job/id.ts';
import { defaultCrashRules, defaultFlow, type Job, noRetries } from '../src/job/job.ts';
import { noLimits } from '../src/job/limits.ts';
import { bytes, instant, milliseconds } from '../src/job/units.ts';

/*
 * Writes the examples of docs/CRASHES.md anew: what programs of the corpus printed when they died, and what Booty makes
 * of that. A test holds that they are in step. An example stands in a block behind `<!-- example: FILE -->`.
 */

const corpus = join(import.meta.dirname, '../test/corpus');
export const documentPath = join(import.meta.dirname, '../docs/CRASHES.md');

const block = /(<!-- example: (\S+) -->\n)(?:```text\n[^]*?\n```\n)?/g;

/** The document with its examples as they are today. */
export const withExamples = (document: string): string =>
  document.replace(block, (_whole, mark: string, file: string) => `${mark}\`\`\`text\n${exampleOf(file)}\n\`\`\`\n`);

/** Of long texts the middle is left out. */
const maxRows = 34;

function exampleOf(file: string): string {
  const text = readFileSync(join(corpus, file), 'utf8');
  const { event } = crashEvent(crashOf(file, text), 'db1');
  // What is the same in each of them is shown once, by the document.
  const { tags: _tags, breadcrumbs: _breadcrumbs, contexts, ...rest } = event;
  const { job: _job, ...runtime } = contexts ?? {};
  const rows = renderEvent({ ...rest, contexts: runtime }).split('\n');
  const left = rows.length - maxRows;
  if (left <= 1) return rows.join('\n');
  return [...rows.slice(0, 16), `  … ${left} more rows …`, ...rows.slice(16 + left)].join('\n');
}

const now = instant(Date.UTC(2026, 10, 24, 2));

function crashOf(file: string, stderr: string): Crash {
  const name = basename(file).replace(/\..*$/, '');
  const reading = readCrash(stderr, '');
  const exit: Exit = { kind: 'code', code: 1 };
  return {
    job: jobOf(name),
    attempt: 1,
    attemptLimit: 1,
    step: 'main',
    argv: [name],
    workdir: '/var/lib/booty/jobs/example/work',
    cause: 'exit-code',
    exit,
    reason: reading ? titleOf(reading) : 'exited with 1',
    startedAt: now,
    endedAt: now,
    durationMs: 1200,
    usage: null,
    final: true,
    reading,
    sources: noSources,
    crumbs: [],
    lastLine: stderr.trim().split('\n').at(-1) ?? null,
    tails: [{ fileName: 'stderr.txt', data: Buffer.from(stderr) }],
  };
}

const jobOf = (name: string): Job => ({
  id: 'example' as JobId,
  spec: {
    kind: 'pipeline',
    name,
    steps: [
      {
        name: 'main',
        action: { kind: 'command', argv: [name] },
        timeoutMs: null,
        env: {},
        secrets: [],
        ...defaultFlow,
      },
    ],
    verify: [],
    timeoutMs: milliseconds(3_600_000),
    priority: 0,
    env: {},
    tags: {},
    outputMaxBytes: bytes(1024),
    isolation: null,
    limits: noLimits,
    onInterrupt: 'retry',
    resumeFrom: 'first-step',
    journal: null,
    retries: noRetries,
    notBefore: null,
    expires: null,
    crash: defaultCrashRules,
    monitor: null,
    report: [],
    needs: [],
    concurrency: null,
    rate: null,
    secrets: [],
    template: null,
  },
  pipelineId: null,
  droppedAt: now,
  acceptedAt: now,
  droppedBy: 1000,
});

if (import.meta.main) writeFileSync(documentPath, withExamples(readFileSync(documentPath, 'utf8')));
