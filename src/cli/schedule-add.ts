import { statSync } from 'node:fs';
import type { PathChoices } from '../config/paths.ts';
import { syncDirectorySync } from '../disk/durable.ts';
import { BootyError } from '../job/error.ts';
import type { DroppedFile } from '../job/parse.ts';
import { formatDuration, type Milliseconds } from '../job/units.ts';
import { type Calendar, readCalendar } from './calendar.ts';
import { findSoundPlace, type Place } from './place.ts';
import { type JobSource, readJob, readSource } from './read-job.ts';
import { demandScheduleName, demandSystemPlace, jobFileOf, partsOf, refuseOwnId } from './recurring.ts';
import { demandRoot } from './signal.ts';
import { attempt, demandSystemd, isActive, runSystemd } from './systemctl.ts';
import { print } from './terminal.ts';
import {
  dropInDirectoryOf,
  dropInOf,
  dropInText,
  enabledTimers,
  type Schedule,
  stampOf,
  timerOf,
  unitDirectory,
} from './timer-unit.ts';
import { type Change, directoryChange, fileChange, forgottenTime, performAll } from './undoable.ts';

export interface ScheduleAddOptions extends PathChoices {
  readonly persistent: boolean;
  readonly randomDelay?: Milliseconds | undefined;
  readonly replace?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
}

interface Plan {
  readonly name: string;
  readonly schedule: Schedule;
  readonly job: { readonly path: string; readonly content: string | Uint8Array; readonly mode: number };
}

/** Group booty reads the job files, and nobody else: `env` may hold what is not for all. */
const jobFileMode = 0o640;
const dropInMode = 0o644;

/**
 * Makes a job recur: its file, when it comes, and the timer that drops it. All of it or nothing.
 * @throws BootyError SCHEDULE_REFUSED, JOB_REFUSED, NOT_PERMITTED, SYSTEMD_MISSING, SYSTEMD_FAILED
 */
export function scheduleAdd(name: string, expression: string, source: JobSource, options: ScheduleAddOptions): void {
  demandSystemPlace(options);
  demandScheduleName(name);
  const place = findSoundPlace(options);
  const content = recurringContent(name, source, place);
  const calendar = readCalendar(expression);
  const plan: Plan = {
    name,
    schedule: {
      expression: calendar.expression,
      persistent: options.persistent,
      randomDelayMs: options.randomDelay ?? null,
    },
    job: { path: jobFileOf(name, place), content, mode: jobFileMode },
  };
  const parts = partsOf(name, place);
  // One of the two alone is what a command that was cut off has left: this one goes on with it.
  if (parts.length === 2 && !options.replace)
    throw new BootyError('SCHEDULE_REFUSED', `${name} is scheduled already: ${parts.join(', ')}`, {
      hint: 'with --replace it takes the place of that one; booty schedule list shows it',
    });
  if (options.dryRun) {
    print(describePlan(plan, parts.length > 0));
  } else {
    demandRoot(`this user may not write to ${unitDirectory}`);
    demandSystemd();
    perform(plan, place, parts.length > 0);
  }
  print(told(plan, calendar, options.dryRun === true));
}

/** What is kept as the job file: a description as it was written, with its comments; a script or a command as one. */
function recurringContent(name: string, source: JobSource, place: Place): string | Uint8Array {
  const given = 'read' in source ? source : readSource(source);
  const read: DroppedFile = { ...given.read, fileName: `${name}.yaml` };
  refuseOwnId(read, given.what);
  const { id: _id, ...data } = JSON.parse(readJob({ read, what: given.what }, {}, place).content) as { id: string };
  const isScript = read.executable && 'script' in data;
  return isScript || 'command' in source ? `${JSON.stringify(data, null, 2)}\n` : read.content;
}

function perform({ name, schedule, job }: Plan, place: Place, isThere: boolean): void {
  const timer = timerOf(name);
  // Whatever the umask of root is: the service reads as another user.
  process.umask(0o022);
  const wasActive = isThere && isActive(timer);
  // Disabled, for systemd to forget when it elapsed: a time between that and now would be made up for at once.
  const stopped: Change = {
    what: timer,
    perform: () => {
      if (isThere) attempt(['systemctl', 'disable', '--now', timer]);
      if (wasActive && isActive(timer))
        throw new BootyError('SYSTEMD_FAILED', `${timer} cannot be stopped`, { hint: `systemctl stop ${timer}` });
    },
    undo: () => {
      runSystemd(['systemctl', 'daemon-reload']);
      if (wasActive) runSystemd(['systemctl', 'enable', '--now', timer]);
    },
  };
  const started: Change = {
    what: timer,
    perform: () => {
      runSystemd(['systemctl', 'daemon-reload']);
      runSystemd(['systemctl', 'enable', '--now', timer]);
      syncDirectorySync(enabledTimers);
    },
    undo: () => {
      if (wasActive) return;
      runSystemd(['systemctl', 'disable', timer]);
      // It fails for a timer that systemd has not come to know.
      attempt(['systemctl', 'stop', timer]);
      if (isActive(timer))
        throw new BootyError('SYSTEMD_FAILED', `${timer} is still active`, { hint: `systemctl stop ${timer}` });
    },
  };
  performAll([
    stopped,
    forgottenTime(stampOf(name)),
    directoryChange(place.paths.recurring),
    directoryChange(dropInDirectoryOf(name)),
    fileChange(job.path, job.content, { mode: job.mode, ...groupOf(place) }),
    fileChange(dropInOf(name), dropInText(name, schedule), { mode: dropInMode }),
    started,
  ]);
}

/** That of the spool: who may drop jobs may read these. Without a spool: root's, until there is one. */
function groupOf({ paths }: Place): { readonly gid?: number } {
  const spool = statSync(paths.spool, { throwIfNoEntry: false });
  return spool ? { gid: spool.gid } : {};
}

function describePlan({ name, schedule, job }: Plan, isThere: boolean): string {
  const timer = timerOf(name);
  const text = typeof job.content === 'string' ? job.content : Buffer.from(job.content).toString();
  return [
    ...(isThere ? [`systemctl disable --now ${timer}\n`] : []),
    `# ${job.path} (mode 0640, the group of the spool)`,
    text.trimEnd(),
    `\n# ${dropInOf(name)}`,
    dropInText(name, schedule).trimEnd(),
    '\n# then:',
    'systemctl daemon-reload',
    `systemctl enable --now ${timer}\n`,
  ].join('\n');
}

function told({ name, schedule }: Plan, { expression, next }: Calendar, isDry: boolean): string {
  const delay = schedule.randomDelayMs === null ? '' : `, each up to ${formatDuration(schedule.randomDelayMs)} later`;
  return [
    `${name} ${isDry ? 'would be' : 'is'} scheduled: ${expression}${delay}`,
    ...next.map((time, index) => `${index === 0 ? '  next: ' : '  then: '}${time}`),
  ].join('\n');
}
