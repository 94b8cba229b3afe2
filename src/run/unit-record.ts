import type { Exit } from '../job/exit.ts';
import { type Controller, exitUnderLimits, noHits, type ResourceLimits } from '../job/limits.ts';
import { type Usage, usageOfTree } from '../job/usage.ts';
import { hitsIn, type ReadFile, usageIn } from './cgroup-bill.ts';

/** What `unit-hook.sh` has written down of a unit. */
export interface UnitRecord {
  /** Whether it came so far that its program could be started. */
  readonly begun: boolean;
  /** Whether it has ended. */
  readonly whole: boolean;
  /** Of its main process; null where none was started. */
  readonly exit: Exit | null;
  /** The files of its cgroup, as they were at its end. */
  readonly read: ReadFile;
}

export function parseUnitRecord(text: string): UnitRecord {
  const lines = text.split('\n');
  const [, code, status] = lines.find((line) => line.startsWith('exit '))?.split(' ') ?? [];
  return {
    begun: lines.includes('begun'),
    whole: lines.includes('whole'),
    exit: exitOf(code, status),
    read: (name) => {
      const own = lines.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
      return own.length === 0 ? null : own.join('\n');
    },
  };
}

/** systemd.exec(5), $EXIT_CODE and $EXIT_STATUS. */
function exitOf(code: string | undefined, status: string | undefined): Exit | null {
  switch (code) {
    case 'exited':
      return { kind: 'code', code: Number(status) };
    case 'killed':
      return { kind: 'signal', signal: `SIG${status}` };
    case 'dumped':
      return { kind: 'signal', signal: `SIG${status}`, coreDumped: true };
    default:
      return null;
  }
}

/** What systemd itself exits with where it could not make a unit what it was to be (systemd.exec(5), Process Exit Codes). */
const ofSystemd = { least: 200, most: 245 } as const;
const namesOfSystemd: Readonly<Record<number, string>> = {
  203: 'EXEC',
  217: 'USER',
  218: 'CAPABILITIES',
  219: 'CGROUP',
  225: 'NETWORK',
  226: 'NAMESPACE',
  228: 'SECCOMP',
};

/**
 * What the end of a unit was.
 * @param started whether its program was executed: what it exits with then is its own
 * @param refused why it was not, where the unit itself could say so
 */
export function exitOfUnit(
  record: UnitRecord,
  {
    started,
    refused,
    limits,
    controllers,
  }: {
    readonly started: boolean;
    readonly refused: string | null;
    readonly limits: ResourceLimits;
    readonly controllers: ReadonlySet<Controller>;
  },
): Exit {
  const { exit } = record;
  if (!record.begun || (record.whole && exit === null))
    return {
      kind: 'spawn',
      code: 'EAGAIN',
      message: 'systemd did not start a unit for it: see its log, and the journal',
    };
  if (!record.whole || exit === null) return { kind: 'lost', message: 'how its unit ended was not told' };
  if (refused !== null) return refusal(refused);
  if (!started && exit.kind === 'code' && exit.code >= ofSystemd.least && exit.code <= ofSystemd.most) {
    const code = namesOfSystemd[exit.code] ?? String(exit.code);
    return { kind: 'spawn', code, message: `systemd could not make its unit (${exit.code}/${code}): see the journal` };
  }
  return exitUnderLimits(exit, limits, noHits, hitsIn(record.read, controllers));
}

const refusal = (line: string): Exit =>
  line === 'cwd'
    ? { kind: 'spawn', code: 'EACCES', message: 'its cwd cannot be entered by the user of its unit (EACCES)' }
    : {
        kind: 'spawn',
        code: 'EACCES',
        message: 'its program is not there for the user of its unit, or not executable (EACCES)',
      };

/** Null where nothing was started. */
export function usageOfUnit(record: UnitRecord, controllers: ReadonlySet<Controller>): Usage | null {
  if (!record.whole) return null;
  const none = { cpuUserMs: 0, cpuSystemMs: 0, peakMemoryBytes: null, readBytes: 0, writtenBytes: 0 };
  return usageOfTree(none, usageIn(record.read, controllers));
}
