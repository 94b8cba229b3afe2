import { type Candidates, type CommandTree, every, everywhere } from './tree.ts';

/** A completion for bash; it needs nothing of the package bash-completion, which only loads it. */
export function bashCompletion(tree: CommandTree): string {
  const all = [...every(tree)];
  const valued = all.flatMap(({ options }) => options.filter(({ value }) => value !== null));
  const names = [...new Set(valued.flatMap((flag) => flag.names))];
  return `# bash completion for booty. Made of the program's own commands.
_booty_asked() { COMPREPLY=($(compgen -W "$(booty "\${where[@]}" $1 2>/dev/null | sed -n 's/^ *"'"$2"'": "\\([^"]*\\)",\\{0,1\\}$/\\1/p')" -- "$cur")); }
_booty() {
  local cur=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} path= count=0 word i
  local -a where=()
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case $word in
      --) COMPREPLY=($(compgen -c -- "$cur")); return ;;
      ${everywhere(tree)
        .flatMap((flag) => flag.names)
        .join(' | ')}) where+=("$word" "\${COMP_WORDS[i + 1]/#\\~/$HOME}"); i=$((i + 1)) ;;
      ${names.join(' | ')}) i=$((i + 1)) ;;
      -*) ;;
      *) case "$path $word" in
          ${all
            .filter(({ path }) => path !== '')
            .map(({ path }) => `' ${path}'`)
            .join(' | ')}) path="$path $word" ;;
          *) count=$((count + 1)) ;;
        esac ;;
    esac
  done
  case "$path $before" in
${all.flatMap((command) => command.options.flatMap(({ names: flags, value }) => (value === null ? [] : [`    ${flags.map((name) => pattern(command, name)).join(' | ')}) ${reply(value)}; return ;;`]))).join('\n')}
  esac
  if [[ $cur == -* ]]; then
    case $path in
${all.map((command) => `      ${quoted(command.path && ` ${command.path}`)}) ${words([...command.options, ...(command === tree ? [] : everywhere(tree))].flatMap((flag) => flag.names).concat('--help'))} ;;`).join('\n')}
    esac
    return
  fi
  case "$path $count" in
${all.flatMap(positions).join('\n')}
  esac
}
complete -F _booty booty
`;
}

/** An option of the whole may stand behind any command. */
const pattern = ({ path }: CommandTree, name: string): string => (path === '' ? `*' ${name}'` : `' ${path} ${name}'`);

function positions(command: CommandTree): string[] {
  const prefix = command.path && ` ${command.path}`;
  if (command.commands.length > 0)
    return [
      `    ${quoted(`${prefix} 0`)}) ${words(command.commands.map(({ path }) => path.split(' ').at(-1) ?? ''))} ;;`,
    ];
  return command.arguments.flatMap((candidates, index) => {
    const isRest = command.isVariadic && index === command.arguments.length - 1;
    // What follows -- is dealt with above; before it a second word is an error.
    if (candidates.kind === 'nothing' || candidates.kind === 'programs') return [];
    return [`    ${isRest ? `${quoted(`${prefix} `)}*` : quoted(`${prefix} ${index}`)}) ${reply(candidates)} ;;`];
  });
}

function reply(candidates: Candidates): string {
  switch (candidates.kind) {
    case 'words':
      return words(candidates.words);
    case 'files':
      return 'compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur"))';
    case 'directories':
      return 'compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- "$cur"))';
    case 'programs':
      return 'COMPREPLY=($(compgen -c -- "$cur"))';
    case 'users':
      return 'COMPREPLY=($(compgen -u -- "$cur"))';
    case 'nothing':
      return ':';
    case 'asked':
      return `_booty_asked '${candidates.command}' ${candidates.key}`;
  }
}

const words = (list: readonly string[]): string =>
  `COMPREPLY=($(compgen -W '${[...new Set(list)].join(' ')}' -- "$cur"))`;
const quoted = (text: string): string => `'${text}'`;
