import { readFileSync } from 'node:fs';
import type { PathChoices } from '../config/paths.ts';
import { errorCode } from '../disk/durable.ts';
import { BootyError } from '../job/error.ts';
import { formatDuration, type Instant, instant, timestamp } from '../job/units.ts';
import { History } from '../ledger/history.ts';
import type { JobRow } from '../ledger/rows.ts';
import { findSoundPlace, type Place } from './place.ts';
import { demandSystemPlace, jobFileOf, jobNameOf, partsOf, scheduleNames } from './recurring.ts';
import { runSystemd } from './systemctl.ts';
import { note, paintOutcomes, print, printJson, table } from './terminal.ts';
import { describeSchedule, dropInOf, readDropIn, type Schedule, serviceOf, timerOf } from './timer-unit.ts';

export interface ScheduleListOptions extends PathChoices {
  readonly json?: boolean | undefined;
}

/** A recurring job, as its files, systemd and the ledger tell of it. */
interface Recurring {
  readonly name: string;
  readonly schedule: Schedule | null;
  readonly next: Instant | null;
  /** When its timer elapsed last. */
  readonly last: Instant | null;
  /** The newest job of its name. */
  readonly job: JobRow | null;
  /** What keeps it from recurring, with what to do. */
  readonly flaw: string | null;
}

type Properties = Readonly<Record<string, string>>;

/** @throws BootyError SYSTEMD_MISSING, SYSTEMD_FAILED */
export function scheduleList(options: ScheduleListOptions): void {
  demandSystemPlace(options);
  const place = findSoundPlace(options);
  const all = findRecurring(scheduleNames(place), place);
  if (options.json) {
    printJson(all.map(asData));
    return;
  }
  if (all.length === 0) {
    note("nothing recurs yet; as root, try: booty schedule add hello '*:0/5' -- echo hello");
    return;
  }
  const rows = all.map(({ name, schedule, next, last, job }) => [
    name,
    schedule === null ? '-' : describeSchedule(schedule),
    next === null ? '-' : `in ${formatDuration(Math.max(0, next - Date.now()))}`,
    last === null ? '-' : `${formatDuration(Math.max(0, Date.now() - last))} ago`,
    job === null ? '-' : (job.outcome ?? job.state),
    job?.id ?? '',
  ]);
  print(paintOutcomes(table(['NAME', 'SCHEDULE', 'NEXT', 'LAST', 'OUTCOME', 'JOB'], rows)));
  for (const { name, flaw } of all) if (flaw !== null) note(`booty: ${name}: ${flaw}`);
}

function findRecurring(names: readonly string[], place: Place): readonly Recurring[] {
  if (names.length === 0) return [];
  const units = unitProperties(names.flatMap((name) => [timerOf(name), serviceOf(name)]));
  const newest = newestJobs(
    names.map((name) => jobNameOf(name, place)),
    place,
  );
  return names.map((name, index) => {
    const timer = units.get(timerOf(name)) ?? {};
    const schedule = scheduleOf(name);
    return {
      name,
      schedule,
      next: timer.ActiveState === 'active' ? timeOf(timer.NextElapseUSecRealtime) : null,
      last: timeOf(timer.LastTriggerUSec),
      job: newest[index] ?? null,
      flaw: flawOf(name, place, timer, units.get(serviceOf(name)) ?? {}),
    };
  });
}

function flawOf(name: string, place: Place, timer: Properties, service: Properties): string | null {
  const parts = partsOf(name, place);
  if (!parts.includes(dropInOf(name)))
    return `has a job file and no schedule; booty schedule add ${name} EXPRESSION FILE, or booty schedule remove ${name}`;
  if (!parts.includes(jobFileOf(name, place)))
    return `there is no ${jobFileOf(name, place)}; booty schedule add --replace, or booty schedule remove ${name}`;
  if (timer.ActiveState !== 'active') return `its timer is not active; systemctl enable --now ${timerOf(name)}`;
  if (service.ActiveState === 'failed') return `its last drop failed; journalctl --unit=${serviceOf(name)}`;
  return null;
}

function scheduleOf(name: string): Schedule | null {
  try {
    return readDropIn(readFileSync(dropInOf(name), 'utf8'));
  } catch (error) {
    if (errorCode(error) !== null) return null;
    throw error;
  }
}

/** What systemd knows of each unit, in one call. */
function unitProperties(units: readonly string[]): ReadonlyMap<string, Properties> {
  const wanted = '--property=Id,ActiveState,NextElapseUSecRealtime,LastTriggerUSec';
  const blocks = runSystemd(['systemctl', 'show', wanted, '--', ...units]).split(/\n\n+/);
  const all = blocks.map(
    (block): Properties =>
      Object.fromEntries(
        block.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
      ),
  );
  return new Map(all.map((properties) => [properties.Id ?? '', properties]));
}

/** `Tue 2026-11-24 04:03:55 UTC`; null where systemd has none. */
function timeOf(text = ''): Instant | null {
  const [, day, time] = /^\w{3} (\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}(?:\.\d+)?) UTC$/.exec(text) ?? [];
  return day === undefined ? null : instant(Date.parse(`${day}T${time}Z`));
}

/** The newest job of each name; null where there is none, or this user may not know. */
function newestJobs(names: readonly string[], { paths }: Place): readonly (JobRow | null)[] {
  try {
    using history = new History(paths.ledger);
    return names.map((name) => history.list({ name, limit: 1 }).jobs[0] ?? null);
  } catch (error) {
    if (!(error instanceof BootyError)) throw error;
    if (error.code !== 'LEDGER_MISSING') note(`booty: outcomes are not known: ${error.message}`);
    return names.map(() => null);
  }
}

const asData = ({ name, schedule, next, last, job, flaw }: Recurring) => ({
  name,
  schedule: schedule?.expression ?? null,
  persistent: schedule?.persistent ?? null,
  randomDelayMs: schedule?.randomDelayMs ?? null,
  next: next === null ? null : timestamp(next),
  last: last === null ? null : timestamp(last),
  job: job && {
    id: job.id,
    state: job.state,
    outcome: job.outcome,
    endedAt: job.endedAt === null ? null : timestamp(job.endedAt),
  },
  flaw,
});
