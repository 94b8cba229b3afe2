import { readFileSync } from 'node:fs';
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { PathChoices } from '../config/paths.ts';
import { BootyError } from '../job/error.ts';
import { addControlCommands } from './control-commands.ts';
import { exitStatus, statusOfError } from './exit-status.ts';
import { addScheduleCommands } from './schedule-command.ts';
import type { SchemaName } from './schema.ts';
import { printError } from './terminal.ts';

/*
 * One file a command; each is loaded when it is called, so that a small command starts as fast as it can.
 */

/** The manual and the completions of shells are made of it. */
export const program = new Command('booty')
  .description(
    'Runs job files that are dropped into a directory; a crash is safe and on its way to Sentry before it is reported.',
  )
  .version(version(), '-V, --version')
  .option('--root <dir>', 'keep everything below this directory: etc, spool, lib (BOOTY_ROOT)')
  .option('--config-file <file>', 'booty.yaml (BOOTY_CONFIG)')
  .option('--spool-dir <dir>', 'the spool (BOOTY_SPOOL)')
  .option('--state-dir <dir>', 'ledger, logs and outbox (BOOTY_STATE)')
  .option('--secrets-file <file>', 'secrets.env (BOOTY_SECRETS)')
  .option('--release-file <file>', 'release.env (BOOTY_RELEASE)')
  .option('--socket <file>', 'where the supervisor takes commands (BOOTY_SOCKET)')
  .showHelpAfterError('(booty --help lists the commands, booty help COMMAND explains one)')
  .configureHelp({ showGlobalOptions: true })
  .exitOverride()
  .addHelpText(
    'after',
    `
Examples:
  booty supervise --root ~/booty           run a supervisor of your own
  booty run --root ~/booty -- echo hello   run a command as a job, and wait for it
  booty submit nightly.yaml                drop a job, print its id
  booty list --state crashed               what went wrong

Exit status: 0 succeeded, 1 refused or failed with a message, 2 usage; of run also
3 rejected, 4 crashed, 5 cancelled or skipped, 69 no supervisor, 130 you stopped waiting;
70 is a defect of Booty.`,
  );

interface GlobalOptions {
  readonly root?: string;
  readonly configFile?: string;
  readonly spoolDir?: string;
  readonly stateDir?: string;
  readonly secretsFile?: string;
  readonly releaseFile?: string;
  readonly socket?: string;
}

const paths = (command: Command): PathChoices => {
  const { root, configFile, spoolDir, stateDir, secretsFile, releaseFile, socket } =
    command.optsWithGlobals<GlobalOptions>();
  return {
    root,
    config: configFile,
    spool: spoolDir,
    state: stateDir,
    secrets: secretsFile,
    release: releaseFile,
    socket,
  };
};

program
  .command('supervise')
  .description('run jobs until told to stop')
  .option('--secrets-stdin', 'read secrets.env from standard input, as the systemd unit does')
  .action(async (options: { secretsStdin?: boolean }, command: Command) => {
    const { supervise } = await import('./supervise.ts');
    process.exitCode = await supervise({ ...paths(command), secretsStdin: options.secretsStdin });
  });

program
  .command('drain')
  .description('stop the supervisor: running jobs finish, up to drain.limit; the rest waits for the next start')
  .option('--now', 'end running jobs at once; they run again after the next start')
  .action(async (options: { now?: boolean }, command: Command) => {
    const { drain } = await import('./drain.ts');
    process.exitCode = await drain({ ...paths(command), ...options });
  });

program
  .command('reload')
  .description('have the supervisor read booty.yaml and the templates again, or say what is wrong with them')
  .action(async (_options: object, command: Command) => {
    const { reload } = await import('./reload.ts');
    await reload(paths(command));
  });

const jobArguments = (command: Command): Command =>
  command
    .argument('[file]', 'a job file, or - for standard input')
    .argument('[command...]', 'in place of a file, after --: a command and its arguments')
    .option('--id <id>', 'the job’s id: the same id again is refused')
    .option('--name <name>', 'the job’s name');

interface JobOptions {
  readonly id?: string;
  readonly name?: string;
  readonly json?: boolean;
  readonly dryRun?: boolean;
}

jobArguments(program.command('submit').description('drop a job into the spool, and print its id'))
  .option('--dry-run', 'print what would be dropped, and what it would do')
  .option('--json', 'print JSON')
  .action(async (file: string | undefined, words: string[], options: JobOptions, command: Command) => {
    const { submit } = await import('./submit.ts');
    await submit(jobSource(file, words), { ...paths(command), ...options });
  });

jobArguments(program.command('run').description('submit a job, print its output, exit with the status of its outcome'))
  .option('--json', 'print the outcome as JSON at the end')
  .action(async (file: string | undefined, words: string[], options: JobOptions, command: Command) => {
    const { run } = await import('./run.ts');
    process.exitCode = await run(jobSource(file, words), { ...paths(command), ...options });
  });

program
  .command('wait')
  .description('wait until a job has ended, exit with the status of its outcome')
  .argument('<id>', 'its id, or a beginning of it that no other has')
  .option('--json', 'print the outcome as JSON')
  .action(async (id: string, options: { json?: boolean }, command: Command) => {
    const { wait } = await import('./wait.ts');
    process.exitCode = await wait(id, { ...paths(command), ...options });
  });

program
  .command('list')
  .description('the newest jobs')
  .addOption(
    new Option('--state <state>', 'only those in this state or with this outcome').choices([
      'waiting',
      'running',
      'verifying',
      'ended',
      'succeeded',
      'rejected',
      'crashed',
      'cancelled',
      'skipped',
    ]),
  )
  .addOption(new Option('--kind <kind>', 'only this kind').choices(['pipeline', 'verifier']))
  .option('--name <name>', 'only jobs of this name')
  .option('--limit <n>', 'at most so many', wholeNumber(1, 100_000), 20)
  .option('--json', 'print JSON')
  .action(async (options: { limit: number }, command: Command) => {
    const { list } = await import('./list.ts');
    list(paths(command), options);
  });

program
  .command('show')
  .description('all about one job')
  .argument('<id>', 'its id, or a beginning of it that no other has')
  .option('--json', 'print JSON: for an ended job its outcome file')
  .action(async (id: string, options: { json?: boolean }, command: Command) => {
    const { show } = await import('./show.ts');
    show(id, { ...paths(command), ...options });
  });

program
  .command('logs')
  .description('what a job printed')
  .argument('<id>', 'its id, or a beginning of it that no other has')
  .option('--attempt <n>', 'of this attempt; default: the last', wholeNumber(1, 1_000_000))
  .option('-f, --follow', 'go on until it has ended')
  .action(async (id: string, options: { attempt?: number; follow?: boolean }, command: Command) => {
    const { logs } = await import('./logs.ts');
    await logs(id, { ...paths(command), ...options });
  });

program
  .command('status')
  .description('how it goes: the supervisor, the jobs, Sentry and what waits for it')
  .option('--json', 'print JSON')
  .action(async (options: { json?: boolean }, command: Command) => {
    const { status } = await import('./status.ts');
    process.exitCode = await status({ ...paths(command), ...options });
  });

addControlCommands(program, paths, wholeNumber);
addScheduleCommands(program, { paths, jobSource });

const outbox = program.command('outbox').description('crash events that wait for Sentry, and those given up');

outbox
  .command('list')
  .description('what waits, oldest first')
  .option('--dead', 'what was given up in place of what waits')
  .option('--limit <n>', 'at most so many', wholeNumber(1, 1_000_000), 100)
  .option('--json', 'print JSON')
  .action(async (options: { dead?: boolean; limit: number; json?: boolean }, command: Command) => {
    const { outboxList } = await import('./outbox-list.ts');
    outboxList(paths(command), options);
  });

outbox
  .command('show')
  .description('one event')
  .argument('<event>', 'its id, or a beginning of it that no other has')
  .option('--json', 'print the JSON that Sentry gets')
  .action(async (id: string, options: { json?: boolean }, command: Command) => {
    const { outboxShow } = await import('./outbox-show.ts');
    outboxShow(id, { ...paths(command), ...options });
  });

outbox
  .command('retry')
  .description('have events sent that were given up')
  .argument('[event...]', 'their ids')
  .option('--all', 'all that were given up')
  .action(async (ids: string[], options: { all?: boolean }, command: Command) => {
    const { outboxRetry } = await import('./outbox-change.ts');
    outboxRetry(ids, { ...paths(command), ...options });
  });

outbox
  .command('drop')
  .description('remove events: Sentry never gets them')
  .argument('[event...]', 'their ids')
  .option('--all', 'all of them')
  .option('--dead', 'only those that were given up')
  .option('--yes', 'do not ask')
  .action(async (ids: string[], options: { all?: boolean; dead?: boolean; yes?: boolean }, command: Command) => {
    const { outboxDrop } = await import('./outbox-change.ts');
    await outboxDrop(ids, { ...paths(command), ...options });
  });

program
  .command('check')
  .description('look at configuration, files, permissions, spool, ledger and DSN: all problems at once')
  .argument('[file...]', 'in place of that, job files: what each would do, and whether its owner may')
  .option('--as <user>', 'with files: who drops them; default: you')
  .option('--json', 'print JSON')
  .action(async (files: string[], options: { as?: string; json?: boolean }, command: Command) => {
    if (files.length > 0) {
      const { checkFiles } = await import('./check-files.ts');
      process.exitCode = await checkFiles(files, { ...paths(command), ...options });
      return;
    }
    if (options.as !== undefined)
      throw new BootyError('USAGE', 'no file is named', { hint: 'booty check FILE --as USER' });
    const { check } = await import('./check.ts');
    process.exitCode = await check({ ...paths(command), ...options });
  });

const template = program.command('template').description('jobs that are written down, for their users to fill in');

template
  .command('list')
  .description('those that there are')
  .option('--json', 'print JSON')
  .action(async (options: { json?: boolean }, command: Command) => {
    const { templateList } = await import('./templates.ts');
    templateList({ ...paths(command), ...options });
  });

template
  .command('show')
  .description('the parameters of one')
  .argument('<name>', 'its name')
  .option('--json', 'print JSON')
  .action(async (name: string, options: { json?: boolean }, command: Command) => {
    const { templateShow } = await import('./templates.ts');
    templateShow(name, { ...paths(command), ...options });
  });

program
  .command('schema')
  .description('the JSON Schema of a kind of file, for editors')
  .addArgument(new Argument('[kind]', 'which').choices(['job', 'template', 'config']).default('job'))
  .action(async (kind: SchemaName) => {
    const { printSchema } = await import('./schema.ts');
    printSchema(kind);
  });

program
  .command('release')
  .description('write release.env for a deployment')
  .argument('[commit]', 'the commit or version that is deployed; default: the one checked out here')
  .option('--environment <name>', 'SENTRY_ENVIRONMENT', 'production')
  .option('--dry-run', 'print what would be written')
  .action(async (commit: string | undefined, options: { environment?: string; dryRun?: boolean }, command: Command) => {
    const { release } = await import('./release.ts');
    release(commit ?? null, { ...paths(command), ...options });
  });

program
  .command('sentry-test')
  .description('send one event to Sentry, and say whether it arrived')
  .option('--json', 'print JSON')
  .action(async (options: { json?: boolean }, command: Command) => {
    const { sentryTest } = await import('./sentry-test.ts');
    await sentryTest({ ...paths(command), ...options });
  });

/** Commander hands everything after `--` on as the arguments: the first word is then the program, not a file. */
function jobSource(
  file: string | undefined,
  words: readonly string[],
): { readonly file: string } | { readonly command: readonly string[] } {
  const hint = 'booty run FILE, booty run - for standard input, or booty run -- COMMAND ARGUMENTS';
  if (file === undefined) throw new BootyError('USAGE', 'no job is named', { hint });
  if (process.argv.includes('--')) return { command: [file, ...words] };
  if (words.length > 0) throw new BootyError('USAGE', `more than one file: ${words.join(' ')}`, { hint });
  return { file };
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^-?\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
    return value;
  };
}

/** In a checkout package.json stands two directories up, beside a release's `lib/` one. */
function version(): string {
  const path = import.meta.filename.endsWith('.ts') ? '../../package.json' : '../package.json';
  const manifest: unknown = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';
}

if (import.meta.main) await answer();

async function answer(): Promise<void> {
  try {
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? exitStatus.succeeded : exitStatus.usage;
    } else {
      printError(error);
      process.exitCode = statusOfError(error);
    }
  }
}
