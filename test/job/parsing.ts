import assert from 'node:assert/strict';
import type { JobSpec } from '../../src/job/job.ts';
import { type JobDefaults, type ParsedJob, parseJobFile } from '../../src/job/parse.ts';
import type { Refusal } from '../../src/job/refusal.ts';
import { bytes, milliseconds } from '../../src/job/units.ts';

/** Values that no other default has, so that a mix-up shows. */
export const defaults: JobDefaults = {
  timeoutMs: milliseconds(11_000),
  outputMaxBytes: bytes(7_000_000),
  limits: { memoryBytes: bytes(9_000_000), cpuPercent: 77, tasks: 99, ioBytes: null },
  isolation: null,
  reports: {
    always: [],
    policy: {
      webhooks: ['https://hooks.example.com/services', 'http://127.0.0.1:8080'],
      github: ['acme/shop', 'open/*'],
      commands: 'allow',
      secrets: ['GITHUB_TOKEN', 'HOOK_SECRET'],
    },
  },
};

export interface FileOptions {
  readonly fileName?: string;
  readonly executable?: boolean;
}

export const parseText = (
  content: string | Uint8Array,
  { fileName = 'job.yaml', executable = false }: FileOptions = {},
) => parseJobFile({ fileName, content: Buffer.from(content as string), executable }, defaults);

/** The job that the text asks for. Fails the test where it is refused. */
export function accepted(content: string | Uint8Array, options?: FileOptions): ParsedJob {
  const parsed = parseText(content, options);
  assert.ok(parsed.ok, `refused: ${JSON.stringify(parsed)}`);
  return parsed.value;
}

export const specOf = (content: string, options?: FileOptions): JobSpec => accepted(content, options).spec;

/** All that is wrong with the text, the first problem first. Fails the test where it is accepted. */
export function refusals(content: string | Uint8Array, options?: FileOptions): readonly [Refusal, ...Refusal[]] {
  const parsed = parseText(content, options);
  assert.ok(!parsed.ok, `accepted: ${JSON.stringify(parsed)}`);
  return [parsed.refusal, ...(parsed.also ?? [])];
}
