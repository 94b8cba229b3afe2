import type { CrashReader, CrashReading, Frame } from '../exception.ts';

/*
 * What a shell says of the command that it could not run, or of a script that it could not read. Shells go on after
 * much of it, and say nothing of why they end: it counts only where it is the last that was said.
 *
 *   load.sh: line 3: load_rows: command not found          (bash; busybox nearly so)
 *   load.sh: 3: load_rows: not found                       (dash)
 *   load.sh: line 3: syntax error near unexpected token `)'
 *   load.sh: line 3: `  echo "$row" )'
 *   load.zsh:cd:3: no such file or directory: /srv/rows      (zsh)
 *   load.sh: line 2: 25416 Segmentation fault      ./crash
 *
 * Other programs speak of a file and a line too: a name that is no shell's needs words that are one's. BashError is the
 * name that sentry-cli gives (bash_hook.rs).
 */

const bashLine = /^([^:]+): (?:([^:\s]+): )?line (\d+): (.+)$/;
const dashLine = /^([^:]+): (\d+): (.+)$/;
const zshLine = /^([^:]+):(?:([a-z]+):)?(\d+): (.+)$/;
const zshName = /(?:^|\/)(?:[^/]+\.zsh|zsh)$/;
const zshWords =
  /^(?:command not found: |parse error|division by zero$|no such file or directory: |permission denied: |[^\s:]+: parameter not set$|invalid subscript$|bad (?:substitution|math expression)|not a directory: |read-only variable: |unmatched |no matches found: |bad pattern: |unknown (?:sort|file attribute)|event not found: )/;
const quotedLine = /^`(.*)'$/;
const shellName = /(?:^|\/)(?:[^/]+\.(?:sh|bash|dash|ksh|ash)|(?:ba|da|a|k)?sh)$/;
const named = /^\S+: ./;
const warning = /^warning: /;
const killed =
  /^\s*\d+ (Segmentation fault|Bus error|Illegal instruction|Floating point exception|Killed)\s+(?:\(core dumped\) )?(.*)$/;
/** What a script may be called that bash was started on by its first line. */
const plainName = /(?:^|\/)[^./]+$/;
const unmistakable =
  /(?:^|: )(?:command )?not found$|: unbound variable$|: parameter (?:null or )?not set$|^syntax error(?: near unexpected token|: unexpected end of file)|^unexpected EOF while looking for matching/;
const known = new RegExp(
  [
    '^[Ss]yntax error\\b',
    '(?:^|: )[Bb]ad substitution$',
    ': readonly variable$',
    ': is read only$',
    ': division by (?:0|zero)\\b',
    '^divide by zero$',
    ": can't cd to ",
    "^(?:cannot|can't) (?:open|create) ",
    ': (?:No such file or directory|Permission denied|Is a directory|cannot execute.*|Argument list too long|Exec format error)$',
  ].join('|'),
);

const signals: Readonly<Record<string, string>> = {
  'Segmentation fault': 'SIGSEGV',
  'Bus error': 'SIGBUS',
  'Illegal instruction': 'SIGILL',
  'Floating point exception': 'SIGFPE',
  Killed: 'SIGKILL',
};

/** What a shell says that was asked for a command, and has no line to name. */
const bare = /^(Segmentation fault|Bus error|Illegal instruction|Floating point exception)(?: \(core dumped\))?$/;

/** The signal alone: for where nothing else tells of a crash. */
export const readSignal: CrashReader = (lines) => {
  const at = lines.findLastIndex((line) => line.trim() !== '');
  const [, how = ''] = bare.exec(lines[at] ?? '') ?? [];
  const type = signals[how];
  if (type === undefined) return null;
  return { reading: { platform: 'other', exceptions: [{ type, value: how, frames: [] }] }, end: at + 1 };
};

interface Said {
  readonly type: string;
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

export const readShell: CrashReader = (lines) => {
  const at = lines.findLastIndex((line) => line.trim() !== '');
  const last = sayingOf(lines[at] ?? '');
  const source = quotedLine.exec(last?.message ?? '')?.[1];
  const said = source === undefined ? last : sayingOf(lines[at - 1] ?? '');
  if (!said || !isShells(said)) return null;
  return { reading: readingOf(said, source ?? null), end: at + 1 };
};

function sayingOf(text: string): Said | null {
  const bash = bashLine.exec(text);
  if (bash) {
    const [, outer = '', inner = '', line, message = ''] = bash;
    // busybox names the script that was sourced, or its own command, behind the script.
    return { type: 'BashError', file: shellName.test(inner) ? inner : outer, line: Number(line), message };
  }
  const [, script = '', own, row, words = ''] = zshLine.exec(text) ?? [];
  // A function has its own lines, and no file.
  if (words.startsWith('command not found: ') || (zshName.test(script) && (zshWords.test(words) || isTold(words))))
    return {
      type: 'ZshError',
      file: script,
      line: Number(row),
      message: own === undefined ? words : `${own}: ${words}`,
    };
  const [, file = '', line, message = ''] = dashLine.exec(text) ?? [];
  return file ? { type: 'ShError', file, line: Number(line), message } : null;
}

/** `${ROWS:?give the rows}`. */
const isTold = (words: string): boolean => named.test(words) && !warning.test(words);

function isShells({ type, file, message }: Said): boolean {
  if (type === 'ZshError') return true;
  if (warning.test(message)) return false;
  if (killed.test(message)) return type === 'BashError';
  if (unmistakable.test(message)) return true;
  const isScript = shellName.test(file);
  if (isScript && named.test(message)) return true;
  return known.test(message) && (isScript || (type === 'BashError' && plainName.test(file)));
}

function readingOf({ type, file, line, message }: Said, source: string | null): CrashReading {
  const isFunction = type === 'ZshError' && !zshName.test(file);
  const place = isFunction ? { function: file, file: null } : { function: null, file };
  const frame: Frame = { ...place, line, column: null, source, inApp: true };
  const [, how = '', command = ''] = killed.exec(message) ?? [];
  const signal = signals[how];
  const exception =
    signal === undefined
      ? { type, value: message, frames: [frame] }
      : { type: signal, value: `${how}: ${command.trim()}`, frames: [frame] };
  return { platform: 'other', exceptions: [exception] };
}
