import type { DropToken, JobId } from './id.ts';
import type { ByteCount, Instant, Milliseconds } from './units.ts';

export type JobKind = 'pipeline' | 'verifier';
export const jobKinds: readonly JobKind[] = ['pipeline', 'verifier'];

/** What a step does: a line for a shell, an argument vector, or a whole script that begins with `#!`. */
export type Action =
  | { readonly kind: 'run'; readonly line: string }
  | { readonly kind: 'command'; readonly argv: readonly [string, ...string[]] }
  | { readonly kind: 'script'; readonly text: string };

export interface Step {
  readonly name: string;
  readonly action: Action;
  /** Null: only the job's own limit holds. */
  readonly timeoutMs: Milliseconds | null;
  readonly env: Readonly<Record<string, string>>;
}

/** What a job file asks for, with every default filled in. */
export interface JobSpec {
  readonly kind: JobKind;
  readonly name: string;
  readonly steps: readonly [Step, ...Step[]];
  /** The check of a pipeline's result: the spec of the verifier job that its success makes. */
  readonly verify: JobSpec | null;
  /** For one attempt, all its steps together. */
  readonly timeoutMs: Milliseconds;
  /** Higher goes first. */
  readonly priority: number;
  readonly env: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  /** How much of its output is kept. */
  readonly outputMaxBytes: ByteCount;
  readonly onInterrupt: 'retry' | 'fail';
}

/** Where a job came from. */
export interface Drop {
  /** The name of the file in the spool. */
  readonly fileName: string;
  readonly token: DropToken;
  readonly droppedAt: Instant;
  /** The owner of the file. */
  readonly uid: number;
}

/** A job that the ledger has accepted. */
export interface Job {
  readonly id: JobId;
  readonly spec: JobSpec;
  /** The pipeline that this verifier judges; null for a job that was dropped. */
  readonly pipelineId: JobId | null;
  readonly droppedAt: Instant;
  readonly acceptedAt: Instant;
  readonly droppedBy: number;
}
