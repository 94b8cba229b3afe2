import type { Argument, Command, Option } from 'commander';

/*
 * The commands of `booty` as Markdown for the manual, out of the same descriptions that `booty help` prints.
 */

export function commandsText(program: Command): string {
  return [...subcommands(program)].map(describe).join('\n');
}

export const globalOptionsText = (program: Command): string => optionTable(program.options);

/** Every command that does something, with those of groups such as `booty outbox list`. */
export function* subcommands(command: Command): Generator<Command> {
  for (const child of command.commands) {
    if (child.commands.length > 0) yield* subcommands(child);
    else yield child;
  }
}

/** `outbox list` */
export function nameOf(command: Command): string {
  const above = command.parent;
  return above === null || above.parent === null ? command.name() : `${nameOf(above)} ${command.name()}`;
}

function describe(command: Command): string {
  const usage = [`booty ${nameOf(command)}`, ...(command.options.length > 0 ? ['[options]'] : [])];
  const parameters = command.registeredArguments.map(argumentText);
  return [
    `### ${nameOf(command)}\n`,
    `\`${[...usage, ...parameters].join(' ')}\`\n`,
    `${sentence(command.description())}\n`,
    table(command.registeredArguments.map((argument) => [argumentText(argument), description(argument)])),
    optionTable(command.options),
  ].join('\n');
}

const argumentText = (argument: Argument): string => {
  const name = argument.variadic ? `${argument.name()}...` : argument.name();
  return argument.required ? `<${name}>` : `[${name}]`;
};

const optionTable = (options: readonly Option[]): string =>
  table(options.filter(({ hidden }) => !hidden).map((option) => [option.flags, description(option)]));

/** With what may be said, and what is so where nothing is said. */
function description({ description: text, argChoices, defaultValue }: Argument | Option): string {
  const choices = argChoices ? ` (${argChoices.join(', ')})` : '';
  const otherwise = defaultValue === undefined || defaultValue === false ? '' : `; default: ${String(defaultValue)}`;
  return `${text}${choices}${otherwise}`;
}

function table(rows: readonly (readonly [string, string])[]): string {
  if (rows.length === 0) return '';
  const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '\\<');
  return `| | |\n|---|---|\n${rows.map(([term, text]) => `| \`${term.replaceAll('|', '\\|')}\` | ${cell(text)} |`).join('\n')}\n`;
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
