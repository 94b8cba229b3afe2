import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../disk/durable.ts';
import type { JobId } from '../job/id.ts';
import { milliseconds } from '../job/units.ts';
import { emptyCgroup, isPopulated } from './cgroup-end.ts';
import { startChild } from './child.ts';
import { Deadline } from './deadline.ts';
import type { UnitHost } from './unit-host.ts';

const patienceMs = 5000;
const systemctlLimitMs = milliseconds(20_000);

/** The units of one attempt: one for each of its steps, one at a time. */
export class AttemptUnits {
  readonly host: UnitHost;
  readonly #prefix: string;

  constructor(host: UnitHost, id: JobId, attempt: number) {
    this.host = host;
    // No id has a colon, so that no two have names that begin alike; and none of what systemd has no letter for is left.
    this.#prefix = `${host.name}:${id.replaceAll('+', '::')}:${attempt}:`;
  }

  nameOf(step: number): string {
    return `${this.#prefix}${step}.service`;
  }

  cgroupOf(step: number): string {
    return join(this.host.slice, this.nameOf(step));
  }

  get isPopulated(): boolean {
    return this.#cgroups().some(isPopulated);
  }

  /**
   * Ends those that there may be, also one that was asked for and has not been started: without its record it does not start
   * any more. Answers who was killed, or null where some still live.
   */
  async end(): Promise<ReadonlySet<number> | null> {
    const records = this.#beginningAlike(this.host.files);
    for (const name of records) rmSync(join(this.host.files, name), { force: true });
    const cgroups = this.#cgroups();
    const killed = new Set<number>();
    for (const cgroup of cgroups) {
      const there = await emptyCgroup(cgroup, patienceMs);
      if (there === null) return null;
      for (const pid of there) killed.add(pid);
    }
    if (records.length + cgroups.length === 0) return killed;
    await systemctl(['stop', `${this.#prefix}*.service`]);
    return this.isPopulated ? null : killed;
  }

  #cgroups(): readonly string[] {
    return this.#beginningAlike(this.host.slice).map((name) => join(this.host.slice, name));
  }

  #beginningAlike(directory: string): readonly string[] {
    try {
      return readdirSync(directory).filter((name) => name.startsWith(this.#prefix));
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
      return []; // systemd makes the slice with the first unit.
    }
  }
}

/** What it says is of no use to anybody: whether it worked, the cgroups tell. */
async function systemctl(argv: readonly string[]): Promise<void> {
  const env = { PATH: '/usr/bin:/bin' };
  const child = await startChild({ argv: ['systemctl', '--quiet', ...argv], cwd: '/', env }, () => undefined);
  if (child.kind === 'spawn') return;
  using _limit = new Deadline(systemctlLimitMs, () => child.signal('SIGKILL'));
  await child.exited;
  child.abandonOutput();
}
