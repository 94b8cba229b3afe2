import { type Command, Option } from 'commander';
import type { PathChoices } from '../config/paths.ts';

/*
 * The commands that ask the running supervisor for something.
 */

type Numbers = (least: number, most: number) => (text: string) => number;

export function addControlCommands(program: Command, paths: (command: Command) => PathChoices, whole: Numbers): void {
  const targets = (command: Command): Command =>
    command
      .argument('[id...]', 'their ids, or beginnings of them that no other has')
      .option('--name <name>', 'all jobs of this name that have not ended')
      .option('--group <group>', 'all jobs of this group that have not ended')
      .option('--json', 'print JSON');

  targets(program.command('cancel').description('end jobs that wait or run; print their ids'))
    .option('--reason <text>', 'why: it stands in their outcome')
    .action(async (ids: string[], options: Targets & { reason?: string }, command: Command) => {
      const { cancel } = await import('./cancel.ts');
      process.exitCode = await cancel(ids, { ...paths(command), ...options });
    });

  program
    .command('retry')
    .description('run an ended job once more, as a new job; have one that waits for its next attempt tried at once')
    .argument('<id>', 'its id, or a beginning of it that no other has')
    .option('--id <id>', 'the id of the new job')
    .option('--json', 'print JSON')
    .action(async (id: string, options: { id?: string; json?: boolean }, command: Command) => {
      const { retry } = await import('./retry.ts');
      process.exitCode = await retry(id, { ...paths(command), ...options });
    });

  for (const verb of ['pause', 'resume'] as const)
    program
      .command(verb)
      .description(
        verb === 'pause'
          ? 'start no more jobs, also after a restart; what runs goes on'
          : 'start jobs again that were paused in the same words',
      )
      .addOption(new Option('--kind <kind>', 'only this kind').choices(['pipeline', 'verifier']))
      .option('--group <group>', 'only this group')
      .option('--json', 'print JSON')
      .action(async (options: { kind?: string; group?: string; json?: boolean }, command: Command) => {
        const given = { ...paths(command), ...options };
        if (verb === 'pause') await (await import('./pause.ts')).pause(given);
        else await (await import('./resume.ts')).resume(given);
      });

  targets(program.command('hold').description('keep jobs that wait from being started; print their ids')).action(
    async (ids: string[], options: Targets, command: Command) => {
      const { hold } = await import('./hold.ts');
      process.exitCode = await hold(ids, { ...paths(command), ...options });
    },
  );

  targets(program.command('unhold').description('let held jobs go; print their ids')).action(
    async (ids: string[], options: Targets, command: Command) => {
      const { unhold } = await import('./unhold.ts');
      process.exitCode = await unhold(ids, { ...paths(command), ...options });
    },
  );

  program
    .command('priority')
    .description('give a job that waits another priority: the higher goes first')
    .argument('<id>', 'its id, or a beginning of it that no other has')
    .argument('<n>', 'from -1000 to 1000; a negative one after --', whole(-1000, 1000))
    .option('--json', 'print JSON')
    .action(async (id: string, value: number, options: { json?: boolean }, command: Command) => {
      const { priority } = await import('./priority.ts');
      process.exitCode = await priority(id, value, { ...paths(command), ...options });
    });
}

interface Targets {
  readonly name?: string;
  readonly group?: string;
  readonly json?: boolean;
}
