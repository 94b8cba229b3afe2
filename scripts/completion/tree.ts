import type { Argument, Command, Option } from 'commander';

/** What a shell has to know of the commands to complete them. */
export interface CommandTree {
  /** `booty outbox list` is `outbox list`; the whole is the empty text. */
  readonly path: string;
  readonly description: string;
  readonly options: readonly Flag[];
  /** What the arguments may be, in order. The last goes on where it is variadic. */
  readonly arguments: readonly Candidates[];
  readonly isVariadic: boolean;
  readonly commands: readonly CommandTree[];
}

export interface Flag {
  /** `-f`, `--follow` */
  readonly names: readonly string[];
  readonly description: string;
  /** What follows it; null: nothing does. */
  readonly value: Candidates | null;
}

export type Candidates =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'files' | 'directories' | 'programs' | 'users' | 'nothing' }
  /** Texts in the JSON that a command prints. */
  | { readonly kind: 'asked'; readonly command: string; readonly key: string };

export function treeOf(program: Command): CommandTree {
  return node(program, '');
}

/** What may stand behind any command: where things are. */
export const everywhere = (tree: CommandTree): readonly Flag[] => tree.options.filter(({ value }) => value !== null);

export function* every(tree: CommandTree): Generator<CommandTree> {
  yield tree;
  for (const child of tree.commands) yield* every(child);
}

function node(command: Command, path: string): CommandTree {
  const children = command.commands.map((child) => node(child, `${path} ${child.name()}`.trim()));
  const parameters = command.registeredArguments;
  return {
    path,
    description: command.description(),
    options: command.options.filter(({ hidden }) => !hidden).map(flag),
    arguments: parameters.map((argument) => ofArgument(argument, path)),
    isVariadic: parameters.at(-1)?.variadic ?? false,
    commands: children,
  };
}

const flag = (option: Option): Flag => ({
  names: [option.short, option.long].flatMap((name) => name ?? []),
  description: option.description,
  value: option.required || option.optional ? ofOption(option) : null,
});

function ofOption({ argChoices, flags }: Option): Candidates {
  if (argChoices) return { kind: 'words', words: argChoices };
  if (/<dir>/.test(flags)) return { kind: 'directories' };
  if (/<file>/.test(flags)) return { kind: 'files' };
  if (/<user>/.test(flags)) return { kind: 'users' };
  return { kind: 'nothing' };
}

function ofArgument(argument: Argument, path: string): Candidates {
  if (argument.argChoices) return { kind: 'words', words: argument.argChoices };
  switch (argument.name()) {
    case 'file':
      return { kind: 'files' };
    case 'command':
      return { kind: 'programs' };
    case 'id':
      return { kind: 'asked', command: 'list --limit 100 --json', key: 'id' };
    case 'event':
      return {
        kind: 'asked',
        command: path === 'outbox retry' ? 'outbox list --dead --json' : 'outbox list --json',
        key: 'eventId',
      };
    case 'name':
      if (path.startsWith('template')) return { kind: 'asked', command: 'template list --json', key: 'name' };
      return path === 'schedule add'
        ? { kind: 'nothing' }
        : { kind: 'asked', command: 'schedule list --json', key: 'name' };
    default:
      return { kind: 'nothing' };
  }
}
