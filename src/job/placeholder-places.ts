import type { KeyPath } from './document.ts';

/** Why a placeholder may not stand there; null: it may. */
export function flawOfPlace(path: KeyPath, job: unknown): string | null {
  const [first, second] = path;
  if (path.length === 1 && (first === 'name' || first === 'id' || first === 'concurrency')) return null;
  if (path.length === 2 && first === 'tags') return null;
  if (path.length === 2 && first === 'concurrency' && second === 'group') return null;
  const inAction = pathInAction(path);
  if (inAction.length === 2 && inAction[0] === 'env')
    return runVariables.test(String(inAction[1])) ? 'programs run what such a variable says' : null;
  if (inAction.length === 2 && inAction[0] === 'command') {
    const argv = valueAt(job, path.slice(0, -1));
    return Array.isArray(argv) ? flawOfArgument(argv, Number(inAction[1])) : null;
  }
  const key = inAction[0];
  return key === 'run' || key === 'script' ? 'a shell or an interpreter would read it' : 'it has no meaning there';
}

/** Within a step, a verifier or the job's own action: what follows. */
function pathInAction(path: KeyPath): KeyPath {
  const [first, second] = path;
  if (first === 'steps') return path.slice(2);
  if (first === 'verify') return typeof second === 'number' ? path.slice(2) : path.slice(1);
  return path;
}

const valueAt = (data: unknown, path: KeyPath): unknown =>
  path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[part] : undefined,
    data,
  );

/** Variables that choose what a program loads or runs. */
const runVariables =
  /^(?:PATH|IFS|ENV|BASH_ENV|SHELLOPTS|PS4|SHELL|EDITOR|PAGER|LD_.*|NODE_OPTIONS|NODE_PATH|PYTHON(?:PATH|HOME|STARTUP)|PERL5(?:OPT|LIB|DB)|RUBY(?:OPT|LIB)|JAVA_TOOL_OPTIONS|GIT_SSH|.*_COMMAND)$/;

/** Programs that read an argument as code: the first that is no option, or the one after an option such as `-c`. */
const interpreters = new RegExp(
  `^(?:${[
    '(?:ba|da|a|z|k|mk|pdk|fi|c|tc|x|nu)?sh|pwsh',
    '(?:python|pypy|perl|ruby|php|lua|luajit|tclsh|node|nodejs|deno|bun|expect|Rscript|guile)[\\d.]*',
    '[mgn]?awk|sed|psql|mysql|mariadb|sqlite3|gdb|vim?|ex|ed',
  ].join('|')})$`,
);
/** Programs that make lines for a shell of their arguments. */
const joiners = /^(?:ssh|autossh|rsh|mosh|su|runuser|watch|parallel|script|eval|xterm|screen|tmux|g?make)$/;
const codeOption = /^(?:-[A-Za-z]*[ceErRfp]|--(?:command|eval|execute|expression|exec|print|run|source|file))$/;

/**
 * Why a placeholder may not stand in this argument of a command; null: it may. It knows the common shells and languages;
 * a program that hands its arguments to a shell by itself cannot be seen from here.
 */
export function flawOfArgument(argv: readonly unknown[], index: number): string | null {
  if (index === 0) return 'it would choose the program';
  const words = argv.map(String);
  const programs = words.slice(0, index).map((word) => word.slice(word.lastIndexOf('/') + 1));
  const joiner = programs.find((program) => joiners.test(program));
  if (joiner !== undefined) return `${joiner} makes lines for a shell of its arguments`;
  if (
    programs.includes('env') &&
    [words[index], words[index - 1]].some((word) => /^(?:-\w*S|--split-string)/.test(word ?? ''))
  )
    return 'env takes it apart into words';
  const first = programs.findIndex((program) => interpreters.test(program));
  const reader = programs.find(
    (program, at) =>
      interpreters.test(program) &&
      // The first of them may hand on to another; what follows `sh -c CODE` is mostly its $0.
      (at === first || codeOption.test(words[at + 1] ?? '')) &&
      codePositions(words, at).some((position) => index <= position),
  );
  return reader === undefined ? null : `${reader} would read it as code, or as the name of a script`;
}

/** Up to where an interpreter may look for its code or its script: infinite where it has none yet. */
function codePositions(words: readonly string[], reader: number): readonly number[] {
  const wordAfter = (position: number): number => {
    const found = words.findIndex((word, at) => at > position && !/^[-+]/.test(word));
    return found < 0 ? Number.POSITIVE_INFINITY : found;
  };
  const first = wordAfter(reader);
  const before = words[first - 1] ?? '';
  // What follows a script's name, or the code of `-c`, is its own. Anything else may be the value of an option.
  if (first === reader + 1 || /^-[A-Za-z]*c$/.test(before)) return [first];
  const options = words.flatMap((word, at) => (at > reader && codeOption.test(word) ? [at] : []));
  return [first, ...options.map(wordAfter)];
}
