import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errorCode } from '../disk/durable.ts';
import { type Controller, controllers } from '../job/limits.ts';
import { readKernelFile } from './cgroup-end.ts';
import { cgroupOf } from './cgroup-tree.ts';

/** Where jobs that ask for it get units of their own. */
export interface UnitHost {
  /** For what is handed over and told, root's alone, in memory. */
  readonly files: string;
  /** What the names of its units begin with: no other supervisor's here do. */
  readonly name: string;
  /** The cgroup below which systemd makes theirs. */
  readonly slice: string;
  readonly controllers: ReadonlySet<Controller>;
  /** Everything of the supervisor and of all jobs: a unit sees its own job's part of it. */
  readonly state: string;
  /** Closed to them as well. */
  readonly closed: readonly string[];
  /** The unit that we are: theirs end with it. Null where we are none. */
  readonly supervisor: string | null;
}

export type FoundUnits =
  | { readonly kind: 'units'; readonly host: UnitHost }
  /** With the reason, for people. */
  | { readonly kind: 'none'; readonly why: string };

export const sliceName = 'booty.slice';

interface Places {
  readonly socket: string;
  readonly spool: string;
  readonly state: string;
}

/** Whether we may start units. Only root may: on systemd 252 whoever else is let start any can start one that runs as root. */
export function findUnits({ socket, spool, state }: Places): FoundUnits {
  if (process.geteuid?.() !== 0) return none('only a supervisor that runs as root may start units');
  if (!existsSync('/run/systemd/system')) return none('systemd does not run this machine');
  if (!existsSync('/run/dbus/system_bus_socket')) return none('there is no D-Bus to ask systemd by (package dbus)');
  try {
    const [own, first] = [cgroupOf('self'), cgroupOf(1)];
    if (own === null || first === null) return none('there is no cgroup v2 hierarchy');
    const top = dirname(first);
    accessSync(join(top, 'cgroup.procs'), constants.W_OK);
    const files = join(dirname(socket), 'units');
    if (![files, state, spool].every((path) => plainPath.test(path)))
      return none('its directories have names that properties of units cannot hold');
    const supervisor = own.split('/').findLast((part) => part.endsWith('.service')) ?? null;
    mkdirSync(files, { recursive: true, mode: 0o700 });
    return {
      kind: 'units',
      host: {
        files,
        name: supervisor ? nameOf(supervisor) : `booty-${createHash('sha256').update(state).digest('hex').slice(0, 8)}`,
        slice: join(top, sliceName),
        controllers: controllersOf(top),
        state,
        closed: [spool, socket],
        supervisor,
      },
    };
  } catch (error) {
    if (!(error instanceof Error) || errorCode(error) === null) throw error;
    return none(`it cannot reach the cgroups of units: ${error.message}`);
  }
}

const none = (why: string): FoundUnits => ({ kind: 'none', why });

/** `booty` of booty.service; what it has escaped would be taken for part of a pattern. */
const nameOf = (unit: string): string => basename(unit, '.service').replaceAll(/[\\:]/g, '_');

/** Without what a property would take for more than a letter. */
const plainPath = /^[\w./@+,=-]+$/;

function controllersOf(cgroup: string): ReadonlySet<Controller> {
  const there = (readKernelFile(join(cgroup, 'cgroup.controllers')) ?? '').trim().split(' ');
  return new Set(controllers.filter((controller) => there.includes(controller)));
}
