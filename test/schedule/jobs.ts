import assert from 'node:assert/strict';
import type { DropToken, JobId } from '../../src/job/id.ts';
import {
  defaultCrashRules,
  defaultFlow,
  type JobKind,
  type JobSpec,
  noRetries,
  type Retries,
} from '../../src/job/job.ts';
import { noLimits } from '../../src/job/limits.ts';
import { bytes, type Instant, instant, milliseconds } from '../../src/job/units.ts';
import type { Acceptable, Claim, Finish, Finished, JobQueue } from '../../src/schedule/queue.ts';

export const now: Instant = instant(Date.UTC(2026, 10, 24));

export interface Wish {
  readonly kind?: JobKind;
  readonly priority?: number;
  /** Whether its success makes a verifier, or how many. */
  readonly verify?: boolean | number;
  readonly retries?: Retries;
  /** Which drop it came from; by default one of its own. */
  readonly token?: string;
}

const step = {
  name: 'main',
  action: { kind: 'run', line: 'true', shell: 'sh' },
  timeoutMs: null,
  env: {},
  secrets: [],
  ...defaultFlow,
} as const;

export function specOf(
  name: string,
  { kind = 'pipeline', priority = 0, verify = false, retries = noRetries }: Wish = {},
): JobSpec {
  const common = {
    steps: [step],
    timeoutMs: milliseconds(1000),
    priority,
    env: {},
    tags: {},
    outputMaxBytes: bytes(1000),
    limits: noLimits,
    isolation: null,
    retries: noRetries,
    notBefore: null,
    expires: null,
    crash: defaultCrashRules,
    monitor: null,
    report: [],
    needs: [],
    concurrency: null,
    rate: null,
    resumeFrom: 'first-step',
    journal: null,
    secrets: [],
    template: null,
  } as const;
  const check = { ...common, kind: 'verifier', verify: [], onInterrupt: 'retry' } as const;
  const checks = Array.from({ length: Number(verify) }, (_, index) => ({
    ...check,
    name: index === 0 ? `${name}-verify` : `${name}-verify-${index + 1}`,
  }));
  return { ...common, kind, name, verify: checks, retries, onInterrupt: 'retry' };
}

/** A rejection has it run again, so often, one second later. */
export const rerunning = (limit: number): Retries => ({
  ...noRetries,
  limit,
  backoff: 'fixed',
  delayMs: milliseconds(1000),
  on: ['rejected'],
});

export const idOf = (text: string): JobId => text as JobId;

export function drop(id: string | null, wish: Wish = {}): Acceptable {
  const token = (wish.token ?? `token-of-${id}`) as DropToken;
  const name = id ?? 'nameless';
  return {
    id: id === null ? null : idOf(id),
    spec: specOf(name, wish),
    drop: { fileName: `${name}.yaml`, token, droppedAt: now, uid: 1000 },
  };
}

const ending = { step: 'main', exitCode: null, signal: null };
export const judgements = {
  succeeded: { outcome: 'succeeded' },
  rejected: { outcome: 'rejected', reason: 'row 7 is bad', ...ending, exitCode: 1 },
  crashed: { outcome: 'crashed', cause: 'exit-code', reason: 'exited with 3', ...ending, exitCode: 3 },
  interrupted: {
    outcome: 'interrupted',
    cause: null,
    reason: 'interrupted: the supervisor was told to stop',
    ...ending,
  },
  lost: { outcome: 'interrupted', cause: 'lost', reason: 'lost: the supervisor ended while it ran', ...ending },
} as const satisfies Record<string, Finish['judgement']>;

export const finishOf = (judgement: keyof typeof judgements, rest: Partial<Finish> = {}): Finish => ({
  judgement: judgements[judgement],
  capture: judgement === 'crashed' ? { eventId: 'e'.repeat(32), capture: 'captured' } : null,
  endedAt: instant(now + 5000),
  durationMs: 4000,
  usage: { cpuUserMs: 1200, cpuSystemMs: 300, peakMemoryBytes: null, readBytes: 4096, writtenBytes: 0 },
  outputs: {},
  logBytes: 0,
  retryAt: null,
  jitter: 0.5,
  again: judgement === 'interrupted' || judgement === 'lost',
  release: 'shop@1',
  environment: 'test',
  ...rest,
});

export async function acceptAll(
  queue: JobQueue,
  ...ids: readonly (readonly [id: string, wish?: Wish])[]
): Promise<void> {
  const answers = await queue.accept(
    ids.map(([id, wish]) => drop(id, wish)),
    now,
  );
  assert.deepEqual(
    answers.map(({ kind }) => kind),
    ids.map(() => 'accepted'),
  );
}

/** Claims the one job that is next. Fails the test where there is none. */
export async function claimOne(queue: JobQueue, kind: JobKind = 'pipeline'): Promise<Claim> {
  const [claim] = await queue.claim(kind, 1, instant(now + 1000));
  assert.ok(claim, `no ${kind} waits`);
  return claim;
}

export const idsOf = (claims: readonly Claim[]): string[] => claims.map((claim) => claim.job.id);

/** What ended with it: `id outcome`. */
export const endsOf = (finished: Finished): string[] =>
  finished.kind === 'ended' ? finished.records.map(({ id, outcome }) => `${id} ${outcome}`) : [finished.kind];
