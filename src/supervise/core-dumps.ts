import { readFileSync } from 'node:fs';
import { type CoreDump, coreDumpFields, coreDumpMessageId, coreSignalOf, findCoreDump } from '../crash/core-dump.ts';
import { errorCode } from '../disk/durable.ts';
import { milliseconds } from '../job/units.ts';
import { attemptMark } from '../run/environment.ts';
import { runProgram } from '../run/program-end.ts';
import type { StepRun } from '../run/step-run.ts';
import { pause } from './pause.ts';

/** systemd-coredump reads the stack after the process is gone: how long that is waited for, look by look. */
const pausesMs = [100, 200, 300, 600, 1200, 2000];
const waitLimitMs = 5000;
const lookLimitMs = milliseconds(2000);
/** Where a wait was in vain, as for somebody who may not read the journal, nobody waits again for so long. */
const quietMs = 10 * 60_000;
/** More crashes at a time go without. */
const maxAtOnce = 8;
const maxBytes = 512 * 1024;
const maxEntries = 20;

const corePattern = '/proc/sys/kernel/core_pattern';

/** What systemd-coredump knows of a step that dumped core, where it is there and its entries may be read. */
export class CoreDumps {
  readonly #machine: Readonly<Record<string, string>>;
  #quietUntilMs = 0;
  #looking = 0;

  constructor(machine: Readonly<Record<string, string>>) {
    this.#machine = machine;
  }

  /**
   * Null where there is none, or none came in time: five seconds, and the last look.
   * @param mark of the attempt, in the environment of its processes
   */
  async find(run: StepRun, mark: string, leaving: AbortSignal): Promise<CoreDump | null> {
    const signal = coreSignalOf(run.exit);
    if (signal === null || this.#looking >= maxAtOnce || !isThere()) return null;
    this.#looking += 1;
    try {
      const began = performance.now();
      const waits = began >= this.#quietUntilMs ? pausesMs : pausesMs.slice(0, 1);
      for (const pauseMs of waits) {
        await pause(pauseMs, leaving);
        if (leaving.aborted) return null;
        if (performance.now() > began + waitLimitMs) break;
        const found = findCoreDump(await this.#look(run, mark, leaving), `${attemptMark}=${mark}`, signal);
        if (found) {
          this.#quietUntilMs = 0;
          return found;
        }
      }
      if (waits === pausesMs) this.#quietUntilMs = performance.now() + quietMs;
      return null;
    } finally {
      this.#looking -= 1;
    }
  }

  /** The entries of this user since the step began, newest last. Empty where the journal cannot be read. */
  async #look({ startedAtMs }: StepRun, mark: string, leaving: AbortSignal): Promise<string> {
    const uid = process.getuid?.() ?? 0;
    const whose = uid === 0 ? [] : [`COREDUMP_UID=${uid}`];
    const { output } = await runProgram(
      {
        argv: [
          'journalctl',
          '--quiet',
          '--no-pager',
          '--all',
          '--output=json',
          `--output-fields=${coreDumpFields.join(',')}`,
          `--lines=${maxEntries}`,
          `--since=@${Math.floor(startedAtMs / 1000)}`,
          `MESSAGE_ID=${coreDumpMessageId}`,
          ...whose,
        ],
        cwd: '/',
        env: this.#machine,
      },
      `${mark}.journalctl`,
      { timeoutMs: lookLimitMs, killGraceMs: milliseconds(0), outputBytes: maxBytes, signal: leaving },
    );
    return output;
  }
}

function isThere(): boolean {
  try {
    return readFileSync(corePattern, 'utf8').includes('systemd-coredump');
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return false;
  }
}
