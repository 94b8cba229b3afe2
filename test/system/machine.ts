import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootContainer, type Container, checkout } from './container.ts';
import { type Suite, suites, systemdOf } from './debian.ts';
import { type Finished, until } from './finished.ts';
import { followJournal, type Journal } from './journal.ts';
import { missingPrerequisite } from './prerequisites.ts';
import { testWhere } from './system-test.ts';

/** What `outcomes/ID.json` says, as far as these tests look. */
export interface OutcomeFile {
  readonly id: string;
  readonly outcome: string;
  readonly cause: string | null;
  readonly exitCode: number | null;
  readonly attempt: number;
  readonly durationMs: number;
  readonly attempts: readonly {
    readonly attempt: number;
    readonly cause: string | null;
    readonly outcome: string | null;
  }[];
}

/** A Debian on which `make install` has run. Its users: alice, who is in the group booty, and mallory, who is not. */
export interface Machine extends Container {
  readonly journal: Journal;
  /** Starts the service and waits until it is ready. */
  start(): Promise<void>;
  /** Drops a file as alice does it: written under a dot name, then renamed. */
  drop(name: string, content: string): Promise<void>;
  /** The outcome of a job, once the journal has told its end. */
  outcome(id: string, timeoutMs?: number): Promise<OutcomeFile>;
  /** Properties of the unit as `systemctl show` has them. */
  unit(...properties: readonly string[]): Promise<Readonly<Record<string, string>>>;
  write(path: string, content: string, mode?: string): Promise<void>;
  as(user: string, argv: readonly [string, ...string[]], input?: string): Promise<Finished>;
}

/** A directory of user booty where jobs leave traces for the tests. */
export const traces = '/srv/traces';

const testTimeoutMs = 25 * 60_000;

/** A test on a freshly installed Debian 12. Where there can be none it is skipped with the reason, and fails on CI. */
export function systemTest(name: string, body: (machine: Machine) => Promise<void>): void {
  systemTestOn('bookworm', name, body);
}

/** The same test on each Debian: for what the versions of systemd do differently. */
export function systemTestOnEach(name: string, body: (machine: Machine) => Promise<void>): void {
  for (const suite of suites) systemTestOn(suite, name, body);
}

export function systemTestOn(suite: Suite, name: string, body: (machine: Machine) => Promise<void>): void {
  testWhere(missingPrerequisite(), `${name} (systemd ${systemdOf[suite]})`, testTimeoutMs, async (context) => {
    const container = await bootContainer(suite);
    context.after(() => container.stop());
    const machine = await install(container);
    try {
      await body(machine);
    } catch (error) {
      for (const { message } of machine.journal.entries.slice(-80)) context.diagnostic(message);
      throw error;
    } finally {
      await container.stop();
    }
  });
}

/** A machine that is switched off (`stop` of what `boot` gave, as if its plug were pulled) and on again: its disk stays. */
export interface Computer {
  boot(): Promise<Machine>;
}

/** A test on a computer with a freshly installed machine. */
export function computerTest(
  name: string,
  body: (computer: Computer) => Promise<void>,
  suite: Suite = 'bookworm',
): void {
  testWhere(missingPrerequisite(), name, testTimeoutMs, async (context) => {
    const disk = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'booty-disk-'));
    const machines: Machine[] = [];
    const boot: Computer['boot'] = async () => {
      const container = await bootContainer(suite, disk);
      context.after(() => container.stop());
      const machine = await (machines.length === 0 ? install(container) : machineOn(container));
      machines.push(machine);
      return machine;
    };
    try {
      await body({ boot });
    } catch (error) {
      for (const { journal } of machines)
        for (const { message } of journal.entries.slice(-80)) context.diagnostic(message);
      throw error;
    } finally {
      for (const machine of machines) await machine.stop();
      rmSync(disk, { recursive: true, force: true });
    }
  });
}

async function install(container: Container): Promise<Machine> {
  await container.must(['sh', `${checkout}/scripts/install.sh`], { timeoutMs: 120_000 });
  await container.must(['useradd', '--groups', 'booty', 'alice']);
  await container.must(['useradd', 'mallory']);
  await container.must(['install', '--directory', '--owner=booty', '--group=booty', '--mode=0755', traces]);
  return machineOn(container);
}

export function machineOn(container: Container): Machine {
  const journal = followJournal(container);

  const start: Machine['start'] = async () => {
    await container.must(['systemctl', 'start', 'booty']);
  };
  const write: Machine['write'] = async (path, content, mode = '0644') => {
    const script = 'mkdir -p "${1%/*}" && umask 077 && cat >"$1.new" && chmod "$2" "$1.new" && mv "$1.new" "$1"';
    await container.must(['sh', '-c', script, 'write', path, mode], { input: content });
  };
  const drop: Machine['drop'] = async (name, content) => {
    const script = 'cd /var/spool/booty/incoming && cat >".$1.new" && mv ".$1.new" "$1"';
    await container.must(['sh', '-c', script, 'drop', name], { user: 'alice', input: content });
  };
  const outcome: Machine['outcome'] = async (id, timeoutMs) => {
    await journal.line(endOf(id), timeoutMs);
    // The line is told first; a busy disk may take its time over the file.
    const file = await until(`outcomes/${id}.json is there`, 30_000, async () => {
      const read = await container.exec(['cat', `/var/spool/booty/outcomes/${id}.json`], { user: 'alice' });
      if (read.status === 0) return read.stdout;
      if (/No such file/.test(read.stderr)) return null;
      throw new Error(read.stderr);
    });
    return JSON.parse(file) as OutcomeFile;
  };
  const unit: Machine['unit'] = async (...properties) => {
    const text = await container.must([
      'systemctl',
      'show',
      'booty',
      ...properties.map((name) => `--property=${name}`),
    ]);
    return Object.fromEntries(
      text
        .trim()
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
  };
  const as: Machine['as'] = (user, argv, input) => container.exec(argv, { user, input });
  return { ...container, journal, start, drop, outcome, unit, write, as };
}

/** The line that tells the end of a job. */
export const endOf = (id: string): RegExp =>
  new RegExp(`^job\\.ended .*\\bid=${id.replaceAll(/[.+]/g, '\\$&')}(?= |$)`);
