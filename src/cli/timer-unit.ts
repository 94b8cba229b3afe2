import { join } from 'node:path';
import { formatDuration, type Milliseconds } from '../job/units.ts';

/*
 * What a recurring job is on disk:
 *   /etc/booty/recurring/NAME.yaml                                  the job
 *   /etc/systemd/system/booty-drop@NAME.timer.d/schedule.conf       when
 *   /etc/systemd/system/timers.target.wants/booty-drop@NAME.timer   that it goes on after a reboot: systemctl enable
 *   /var/lib/systemd/timers/stamp-booty-drop@NAME.timer             when it elapsed last: systemd's own
 * The templates booty-drop@.timer and booty-drop@.service come with Booty.
 */

const units = '/etc/systemd/system';
/** Where `systemctl enable` puts its links. */
export const enabledTimers = join(units, 'timers.target.wants');

/** When a timer elapses, and what is made of what it missed. */
export interface Schedule {
  readonly expression: string;
  readonly persistent: boolean;
  readonly randomDelayMs: Milliseconds | null;
}

export const timerOf = (name: string): string => `booty-drop@${name}.timer`;
export const serviceOf = (name: string): string => `booty-drop@${name}.service`;
/** The time of this file is when a timer with Persistent=yes elapsed last: systemd.timer(5). */
export const stampOf = (name: string): string => `/var/lib/systemd/timers/stamp-${timerOf(name)}`;
export const dropInDirectoryOf = (name: string): string => join(units, `${timerOf(name)}.d`);
export const dropInOf = (name: string): string => join(dropInDirectoryOf(name), 'schedule.conf');

/** Names of which there is a drop-in directory. */
export const namesIn = (unitFiles: readonly string[]): string[] =>
  unitFiles.flatMap((file) => /^booty-drop@(.+)\.timer\.d$/.exec(file)?.[1] ?? []);
export const unitDirectory = units;

export const dropInText = (
  name: string,
  schedule: Schedule,
): string => `# Written by booty schedule add. To change it: booty schedule add --replace ${name} …
[Timer]
OnCalendar=${schedule.expression}
Persistent=${schedule.persistent ? 'yes' : 'no'}
RandomizedDelaySec=${(schedule.randomDelayMs ?? 0) / 1000}s
`;

/** What a drop-in says; null where it names no time. */
export function readDropIn(text: string): Schedule | null {
  const value = (key: string): string | undefined => new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1]?.trim();
  const expression = value('OnCalendar');
  if (!expression) return null;
  const delayMs = Number.parseFloat(value('RandomizedDelaySec') ?? '0') * 1000;
  return {
    expression,
    persistent: value('Persistent') !== 'no',
    randomDelayMs: delayMs > 0 ? (delayMs as Milliseconds) : null,
  };
}

/** `*-*-* 02:00 (+ up to 10m)` */
export const describeSchedule = ({ expression, randomDelayMs }: Schedule): string =>
  randomDelayMs === null ? expression : `${expression} (+ up to ${formatDuration(randomDelayMs)})`;
