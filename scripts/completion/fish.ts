import { type Candidates, type CommandTree, every, type Flag } from './tree.ts';

/** A completion for fish: a line for each command, option and argument. */
export function fishCompletion(tree: CommandTree): string {
  const lines = [...every(tree)].flatMap((command) => [
    ...command.commands.map((child) => {
      const word = child.path.split(' ').at(-1) ?? '';
      return `complete -c booty -f -n '__booty_at ${command.path}' -a ${word} -d ${quoted(child.description)}`;
    }),
    ...command.options.map(
      (flag) => `complete -c booty ${command.path === '' ? '' : `-n '__booty_in ${command.path}' `}${flagText(flag)}`,
    ),
    ...argumentLines(command),
  ]);
  return `# fish completion for booty. Made of the program's own commands.

# The words that are no options, nor their values.
function __booty_words
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
        else if contains -- $word ${[...every(tree)].flatMap(({ options }) => options.filter(({ value }) => value !== null).flatMap(({ names }) => names)).join(' ')}
            set skip 1
        else if not string match -q -- '-*' $word
            echo $word
        end
    end
end

# That command is being given, and what follows it is none of its arguments yet.
function __booty_at
    set -l words (__booty_words)
    test "$words" = "$argv"
end

function __booty_in
    set -l words (__booty_words)
    set -l count (count $argv)
    test (count $words) -ge $count; or return
    set -l begun $words[1..$count]
    test "$begun" = "$argv"
end

function __booty_asked
    booty (string split ' ' -- $argv[1]) 2>/dev/null | string replace -rf '^ *"'$argv[2]'": "([^"]*)",?$' '$1'
end

${lines.join('\n')}
`;
}

function argumentLines(command: CommandTree): string[] {
  const [first] = command.arguments;
  if (command.commands.length > 0 || first === undefined)
    return command.path === '' || command.commands.length > 0 ? [] : [nothing(command)];
  const action = actionOf(first);
  const programs = `complete -c booty -n '__booty_in ${command.path}; and contains -- -- (commandline -opc)' -a '(__fish_complete_command)'`;
  return [
    `complete -c booty -n '__booty_in ${command.path}' ${action}`,
    ...(command.arguments.some(({ kind }) => kind === 'programs') ? [programs] : []),
  ];
}

const nothing = ({ path }: CommandTree): string => `complete -c booty -f -n '__booty_in ${path}'`;

function flagText({ names, description, value }: Flag): string {
  const flags = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  return [...flags, ...(value === null ? [] : ['-r', actionOf(value)]), '-d', quoted(description)]
    .filter(Boolean)
    .join(' ');
}

function actionOf(candidates: Candidates): string {
  switch (candidates.kind) {
    case 'words':
      return `-f -a ${quoted(candidates.words.join(' '))}`;
    case 'files':
    case 'programs':
      return '-F';
    case 'directories':
      return '-f -a "(__fish_complete_directories)"';
    case 'users':
      return '-f -a "(__fish_complete_users)"';
    case 'nothing':
      return '-f';
    case 'asked':
      return `-f -a '(__booty_asked "${candidates.command}" ${candidates.key})'`;
  }
}

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
