import { basename } from 'node:path';
import { exitCodeOf, signalOf } from '../job/exit.ts';
import { timestamp } from '../job/units.ts';
import type { Usage } from '../job/usage.ts';
import type { Crash } from './crash.ts';
import type { Platform } from './exception.ts';
import { cut, maxTagLength } from './limits.ts';

/** What its events can be searched by. Booty's own names win over the job's. */
export function tagsOf(crash: Crash): Record<string, string> {
  const { job, exit } = crash;
  const exitCode = exitCodeOf(exit);
  const signal = signalOf(exit);
  const tags = {
    ...job.spec.tags,
    job_id: job.id,
    job_name: job.spec.name,
    job_kind: job.spec.kind,
    job_final: String(crash.final),
    ...(crash.step === null ? {} : { step: crash.step }),
    attempt: String(crash.attempt),
    cause: crash.cause,
    ...(exitCode === null ? {} : { exit_code: String(exitCode) }),
    ...(signal === null ? {} : { signal }),
    ...(job.pipelineId === null ? {} : { pipeline_id: job.pipelineId }),
    ...(job.spec.template === null ? {} : { template: job.spec.template }),
  };
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [key, cut(value, maxTagLength)]));
}

/** Flat: the SDK cuts what is nested deeper. */
export const contextOf = ({ job, argv, workdir, ...crash }: Crash): Record<string, string | number | null> => ({
  id: job.id,
  name: job.spec.name,
  kind: job.spec.kind,
  ...(job.pipelineId === null ? {} : { pipeline_id: job.pipelineId, pipeline: `booty show ${job.pipelineId}` }),
  ...(job.spec.verify.length > 0 ? { verifier: cut(job.spec.verify.map(({ name }) => name).join(', '), 2000) } : {}),
  step: crash.step,
  steps: job.spec.steps.length,
  attempt: crash.attempt,
  attempt_limit: crash.attemptLimit,
  argv: cut(JSON.stringify(argv), 2000),
  workdir,
  reason: cut(crash.reason, 2000),
  dropped_at: timestamp(job.droppedAt),
  dropped_by_uid: job.droppedBy,
  accepted_at: timestamp(job.acceptedAt),
  started_at: timestamp(crash.startedAt),
  ended_at: timestamp(crash.endedAt),
  duration_ms: crash.durationMs,
  ...(crash.usage ? usageOf(crash.usage) : {}),
  ...(crash.exit.kind === 'signal' && crash.exit.coreDumped ? { core_dumped: 'yes' } : {}),
  timeout_ms: job.spec.timeoutMs,
  priority: job.spec.priority,
  show: `booty show ${job.id}`,
  logs: `booty logs ${job.id}`,
  journal: `journalctl -u booty --grep=${job.id}`,
});

const usageOf = (usage: Usage) => ({
  cpu_user_ms: usage.cpuUserMs,
  cpu_system_ms: usage.cpuSystemMs,
  ...(usage.peakMemoryBytes === null ? {} : { peak_memory_bytes: usage.peakMemoryBytes }),
  ...(usage.treeMemoryBytes === undefined ? {} : { tree_memory_bytes: usage.treeMemoryBytes }),
  read_bytes: usage.readBytes,
  written_bytes: usage.writtenBytes,
});

const runtimeNames: Readonly<Partial<Record<Platform, string>>> = {
  python: 'python',
  node: 'node',
  go: 'go',
  java: 'java',
  ruby: 'ruby',
  php: 'php',
  perl: 'perl',
  csharp: '.NET',
  elixir: 'elixir',
};

/** Where the version of a runtime shows in its own words, or in the paths of its libraries. */
const versionPatterns: Readonly<Partial<Record<Platform, RegExp>>> = {
  node: /^Node\.js v(\d{1,4}\.\d{1,4}\.\d{1,4})$/m,
  python: /\/python(\d\.\d{1,3})\//,
  ruby: /\/ruby\/(?:gems\/)?(\d\.\d{1,3}\.\d{1,3})\//,
  perl: /\/perl\/(5\.\d{1,3}(?:\.\d{1,3})?)\//,
  go: /\/go-?(1\.\d{1,3}(?:\.\d{1,3})?)\//,
};

/** What ran the program that crashed: its language's runtime, or else the program itself. */
export function runtimeOf({ reading, argv, tails, job, step }: Crash): { name: string; version?: string } | null {
  const named = reading ? runtimeNames[reading.platform] : undefined;
  const action = job.spec.steps.find(({ name }) => name === step)?.action;
  const program = action?.kind === 'script' ? interpreterOf(action.text) : argv[0];
  if (!named || !reading) return program ? { name: cut(basename(program), maxTagLength) } : null;
  const pattern = versionPatterns[reading.platform];
  const files = reading.exceptions.flatMap(({ frames }) => frames.map(({ file }) => file ?? ''));
  const text = [...files, ...tails.map(({ data }) => Buffer.from(data.subarray(-4096)).toString('latin1'))].join('\n');
  const version = pattern?.exec(text)?.[1];
  return { name: named, ...(version === undefined ? {} : { version }) };
}

/** `#!/usr/bin/env -S python3 -u` → `python3`. */
function interpreterOf(script: string): string | undefined {
  const words = script.slice(2).split('\n', 1)[0]?.trim().split(/\s+/) ?? [];
  if (words[0] === undefined || basename(words[0]) !== 'env') return words[0];
  return words.slice(1).find((word) => !word.startsWith('-') && !word.includes('='));
}
