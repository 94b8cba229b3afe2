import { type Candidates, type CommandTree, every, everywhere, type Flag } from './tree.ts';

/** A completion for zsh: one function a command, each an _arguments. */
export function zshCompletion(tree: CommandTree): string {
  return `#compdef booty
# Made of the program's own commands.

_booty_asked() {
  local -a found
  found=(\${(f)"$(booty \${=1} 2>/dev/null | sed -n 's/^ *"'$2'": "\\([^"]*\\)",\\{0,1\\}$/\\1/p')"})
  compadd -a found
}

${[...every(tree)].map((command) => functionOf(command, everywhere(tree))).join('\n')}
_booty "$@"
`;
}

const nameOf = ({ path }: CommandTree): string => `_booty${path && `_${path.replaceAll(/[ -]/g, '_')}`}`;

function functionOf(command: CommandTree, others: readonly Flag[]): string {
  const flags = command.path === '' ? command.options : [...command.options, ...others];
  const specs = [...flags.flatMap(flagSpecs), "'--help[tell more]'"];
  if (command.commands.length === 0) {
    const places = command.arguments.flatMap((candidates, index) => {
      if (candidates.kind === 'programs') return [];
      const isLast = index === command.arguments.length - 1;
      return [`'${isLast && command.isVariadic ? '*' : `${index + 1}`}::argument:${actionOf(candidates)}'`];
    });
    return `${nameOf(command)}() {\n${takesProgram(command)}  _arguments -s \\\n    ${[...specs, ...places].join(' \\\n    ')}\n}\n`;
  }
  const children = command.commands.map((child) => ({ word: child.path.split(' ').at(-1) ?? '', child }));
  return `${nameOf(command)}() {
  local line state
  _arguments -C \\
    ${[...specs, "'1: :->command'", "'*:: :->rest'"].join(' \\\n    ')}
  case $state in
    command)
      local -a commands=(
        ${children.map(({ word, child }) => `'${word}:${text(child.description)}'`).join('\n        ')}
      )
      _describe -t commands command commands ;;
    rest)
      case $line[1] in
        ${children.map(({ word, child }) => `${word}) ${nameOf(child)} ;;`).join('\n        ')}
      esac ;;
  esac
}
`;
}

/** Behind `--` stands a command. */
const takesProgram = (command: CommandTree): string =>
  command.arguments.some(({ kind }) => kind === 'programs')
    ? '  local dashes=${words[(I)--]}\n  if (( dashes && dashes < CURRENT )); then _command_names -e; return; fi\n'
    : '';

function flagSpecs({ names, description, value }: Flag): string[] {
  return names.map((name) => `'${name}[${text(description)}]${value === null ? '' : `:value:${actionOf(value)}`}'`);
}

function actionOf(candidates: Candidates): string {
  switch (candidates.kind) {
    case 'words':
      return `(${candidates.words.join(' ')})`;
    case 'files':
      return '_files';
    case 'directories':
      return '_files -/';
    case 'programs':
      return '_command_names -e';
    case 'users':
      return '_users';
    case 'nothing':
      return ' ';
    case 'asked':
      // The space: with nothing put before its arguments.
      return ` _booty_asked "${candidates.command}" ${candidates.key}`;
  }
}

/** Inside of quotes and brackets of a specification. */
const text = (description: string): string =>
  description.replaceAll("'", '’').replaceAll(/[[\]:\\]/g, (sign) => `\\${sign}`);
