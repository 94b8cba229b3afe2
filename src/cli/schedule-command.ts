import { type Command, InvalidArgumentError } from 'commander';
import type { PathChoices } from '../config/paths.ts';
import { type Milliseconds, parseDuration } from '../job/units.ts';
import type { JobSource } from './read-job.ts';

/** What main.ts has for all commands. */
interface Shared {
  readonly paths: (command: Command) => PathChoices;
  readonly jobSource: (file: string | undefined, words: readonly string[]) => JobSource;
}

interface AddOptions {
  readonly persistent?: boolean;
  readonly randomDelay?: Milliseconds;
  readonly replace?: boolean;
  readonly dryRun?: boolean;
}

/** The arguments of `booty schedule …`. */
export function addScheduleCommands(program: Command, { paths, jobSource }: Shared): void {
  const schedule = program
    .command('schedule')
    .description('recurring jobs: timers of systemd that drop job files')
    // Their arguments make the lines too long.
    .configureHelp({ showGlobalOptions: true, subcommandTerm: (command) => command.name() });

  schedule
    .command('add')
    .description('have a job dropped again and again')
    .argument('<name>', 'what it is called: letters, digits and . _ -')
    .argument('<when>', 'a calendar expression of systemd, in quotes: man systemd.time')
    .argument('[file]', 'the job file, without an id; or - for standard input')
    .argument('[command...]', 'in place of a file, after --: a command and its arguments')
    .option('--persistent', 'a time at which the machine was off is made up for at the next start, once (default)')
    .option('--no-persistent', 'what was missed is not made up for')
    .option('--random-delay <duration>', 'each time up to so much later: 10m', duration)
    .option('--replace', 'in place of the one of that name')
    .option('--dry-run', 'print what would be written and run')
    .addHelpText(
      'after',
      `
Examples:
  booty schedule add nightly '*-*-* 02:00' backup.yaml
  booty schedule add report 'Mon..Fri 07:30 Europe/Berlin' report.yaml
  booty schedule add sync '*:0/15' --random-delay 2m -- rclone sync /srv s3:srv
  booty schedule add nightly --replace '*-*-* 03:00' backup.yaml

As root. systemd reads the expression: systemd-analyze calendar '*-*-* 02:00'`,
    )
    .action(
      async (name: string, when: string, file: string | undefined, words: string[], options: AddOptions, command) => {
        const { scheduleAdd } = await import('./schedule-add.ts');
        scheduleAdd(name, when, jobSource(file, words), {
          ...paths(command as Command),
          ...options,
          persistent: options.persistent ?? true,
        });
      },
    );

  schedule
    .command('list')
    .description('what recurs, when next, and how it ended last')
    .option('--json', 'print JSON')
    .action(async (options: { json?: boolean }, command: Command) => {
      const { scheduleList } = await import('./schedule-list.ts');
      scheduleList({ ...paths(command), ...options });
    });

  schedule
    .command('remove')
    .description('end a recurrence; jobs that it has dropped go on')
    .argument('<name>', 'which one')
    .option('--dry-run', 'print what would be run')
    .action(async (name: string, options: { dryRun?: boolean }, command: Command) => {
      const { scheduleRemove } = await import('./schedule-remove.ts');
      scheduleRemove(name, { ...paths(command), ...options });
    });

  schedule
    .command('drop')
    .description('drop it now: what its timer does')
    .argument('<name>', 'which one')
    .option('--once', 'at most once for each time that the timer elapses, as its service does')
    .option('--json', 'print JSON')
    .action(async (name: string, options: { once?: boolean; json?: boolean }, command: Command) => {
      const { scheduleDrop } = await import('./schedule-drop.ts');
      scheduleDrop(name, { ...paths(command), ...options });
    });
}

function duration(text: string): Milliseconds {
  const parsed = parseDuration(text);
  if (parsed === null) throw new InvalidArgumentError('Expected a duration such as 30s, 10m or 1h30m.');
  return parsed;
}
