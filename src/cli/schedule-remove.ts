import type { PathChoices } from '../config/paths.ts';
import { findSoundPlace } from './place.ts';
import { demandSystemPlace, jobFileOf, jobNameOf, partsOf, scheduleNames, unknownSchedule } from './recurring.ts';
import { demandRoot } from './signal.ts';
import { attempt, demandSystemd, runSystemd } from './systemctl.ts';
import { note, print } from './terminal.ts';
import { dropInDirectoryOf, dropInOf, serviceOf, stampOf, timerOf, unitDirectory } from './timer-unit.ts';
import { removeFile, removeIfEmpty, systemFailure } from './undoable.ts';

export interface ScheduleRemoveOptions extends PathChoices {
  readonly dryRun?: boolean | undefined;
}

/**
 * Ends a recurrence; jobs that it has dropped go on. Cut off in the middle it can be run again, and goes on.
 * @throws BootyError SCHEDULE_UNKNOWN, NOT_PERMITTED, SYSTEMD_MISSING, SYSTEMD_FAILED
 */
export function scheduleRemove(name: string, options: ScheduleRemoveOptions): void {
  demandSystemPlace(options);
  const place = findSoundPlace(options);
  const known = scheduleNames(place);
  if (!known.includes(name)) throw unknownSchedule(name, known, jobFileOf(name, place));
  const parts = partsOf(name, place);
  const timer = timerOf(name);
  if (options.dryRun) {
    print(`systemctl disable --now ${timer}\nrm ${parts.join(' ')}\nsystemctl daemon-reload`);
    return;
  }
  demandRoot(`this user may not write to ${unitDirectory}`);
  demandSystemd();
  const jobName = jobNameOf(name, place);
  const hasTime = parts.includes(dropInOf(name));
  // Whoever was cut off while adding it may not have told systemd of it.
  runSystemd(['systemctl', 'daemon-reload']);
  // Without its time the timer is none to systemd, and was never enabled.
  (hasTime ? runSystemd : attempt)(['systemctl', 'disable', '--now', timer]);
  try {
    // The time goes last: what has one is disabled anew where this is cut off.
    removeFile(jobFileOf(name, place));
    removeFile(dropInOf(name));
    removeFile(stampOf(name));
  } catch (error) {
    throw systemFailure(error);
  }
  const kept = removeIfEmpty(dropInDirectoryOf(name));
  runSystemd(['systemctl', 'daemon-reload']);
  attempt(['systemctl', 'reset-failed', serviceOf(name)]);
  print(`${name} does not recur any more: ${timer} is disabled; removed ${parts.join(' and ')}`);
  for (const file of kept) note(`booty: kept ${dropInDirectoryOf(name)}/${file}, which is not Booty’s`);
  note(`booty: jobs that it has dropped go on: booty list --name ${JSON.stringify(jobName)}`);
}
