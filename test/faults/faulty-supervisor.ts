import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Root, type RootOptions } from '../harness/root.ts';
import { type SupervisorOptions, SupervisorProcess } from '../harness/supervisor.ts';
import { FaultControl } from './control.ts';
import { builtShim } from './shim.ts';

/** One change that the supervisor made, or was about to make. */
export interface Point {
  /** From 1. */
  readonly number: number;
  readonly operation: string;
  /** Of a write. */
  readonly bytes: number;
  /** Below the root, of the new name where there are two; empty where there is none. */
  readonly path: string;
}

export interface FaultyOptions extends SupervisorOptions {
  /** Faults that are there from the start. */
  readonly prepare?: (faults: FaultControl) => void;
  /** Whether it writes down each point. */
  readonly trace?: boolean;
}

/** A supervisor with the shim between it and libc. Its jobs have nothing of it: their environment is small and fixed. */
export class FaultySupervisor implements AsyncDisposable {
  readonly supervisor: SupervisorProcess;
  readonly faults: FaultControl;
  readonly #directory: string;
  readonly #ownRoot: Root | null;

  private constructor(root: Root, ownRoot: Root | null, options: FaultyOptions) {
    const { prepare, trace, ...rest } = options;
    this.#ownRoot = ownRoot;
    // Beside the root, not below it: what the test does there is no change of the supervisor's.
    this.#directory = mkdtempSync(join(tmpdir(), 'booty-faults-'));
    this.faults = new FaultControl(join(this.#directory, 'control'));
    prepare?.(this.faults);
    const env = {
      ...options.env,
      LD_PRELOAD: builtShim(),
      BOOTY_FAULT_ROOT: root.path,
      BOOTY_FAULT_CONTROL: this.faults.path,
      ...(trace ? { BOOTY_FAULT_TRACE: this.#tracePath } : {}),
    };
    this.supervisor = SupervisorProcess.launch(root, { ...rest, env });
  }

  /** Starts one, and does not wait. */
  static launch(root: Root, options: FaultyOptions = {}): FaultySupervisor {
    return new FaultySupervisor(root, null, options);
  }

  /** Starts one on the root, or on a new root of its own; resolves once it is ready. */
  static async start(where: Root | RootOptions = {}, options: FaultyOptions = {}): Promise<FaultySupervisor> {
    const root = where instanceof Root ? where : await Root.make(where);
    const faulty = new FaultySupervisor(root, root === where ? null : root, options);
    try {
      await faulty.supervisor.line({ kind: 'supervisor.ready' });
      return faulty;
    } catch (error) {
      await faulty[Symbol.asyncDispose]();
      throw error;
    }
  }

  get root(): Root {
    return this.supervisor.root;
  }

  /** What it has changed so far, where it writes that down. */
  points(): Point[] {
    const lines = readFileSync(this.#tracePath, 'utf8').split('\n');
    return lines.filter(Boolean).map((line) => {
      const [number, operation = '', bytes, path = '', other] = line.split('\t');
      return { number: Number(number), operation, bytes: Number(bytes), path: other || path };
    });
  }

  get #tracePath(): string {
    return join(this.#directory, 'trace');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.supervisor[Symbol.asyncDispose]();
    await this.#ownRoot?.[Symbol.asyncDispose]();
    this.faults[Symbol.dispose]();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
