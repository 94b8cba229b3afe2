import type { CrashReader, FoundCrash, Frame, ReadException } from '../exception.ts';

/*
 * What Perl prints where it dies (perldoc -f die, Carp): the message and the place; with a stack from Carp, what was
 * called below it; and sentences of its own where it dies while it compiles:
 *
 *   bad row at /srv/load.pl line 3, <STDIN> line 7.
 *   	main::load(7) called at /srv/load.pl line 9
 *
 *   syntax error at /srv/load.pl line 4, near "= ;"
 *   Execution of /srv/load.pl aborted due to compilation errors.
 *
 * A warning looks the same as a message without a stack, and the program goes on. So such a line is a death only where
 * nothing follows it. No class is told, but of an object that does not print itself; the type is `die`.
 */

const maxFrames = 500;
const maxErrorLines = 30;
const maxPlaces = 20;

const lineTail = / line (\d+)(?:, <[^<>]{0,100}> (?:line|chunk) \d+)?(?:\.|(, (?:near|at) .*))?$/;
/** Other programs name a place in the same words; a stack or the compiler's sentence prove that it is Perl. */
const perlFile =
  /^(?:-e?|\(eval \d+\)(?:\[.*\])?|.*\.(?:pl|pm|t|cgi|psgi|plx|PL|al)|(?:\S*\/)?(?:s?bin|libexec|scripts?|hooks|cron\.\w+)\/[^\s./]+)$/;
const aborted =
  /^(?:Execution of .+ aborted due to compilation errors|.+ had (?:compilation errors|too many errors)|BEGIN not safe after errors - compilation aborted at .+ line \d+)\.$/;
const passedOn =
  /^(?:BEGIN failed--compilation aborted|Compilation failed in require|(?:INIT|CHECK|UNITCHECK|END) failed--call queue aborted)(?: at |\.$)|^\t\.\.\.propagated at /;
const object = /^([A-Z]\w*(?:::\w+)*|HASH|ARRAY|SCALAR|CODE)(?:=(?:HASH|ARRAY|SCALAR|CODE|REF|GLOB))?\(0x[0-9a-f]+\)$/;
/** Compiling ended there, and no `eval` of a text was around it. */
const begun = /^BEGIN failed--compilation aborted at (?!\(eval)/;
/** What proves that the command above it failed, and what Perl says of threads when it ends. */
const afterword = /^make(?:\[\d+\])?: \*\*\* |^Perl exited with active threads:|^\t\d+ (?:running|finished) and /;

/** Lines of a log, and perldiag's warnings: those end nothing. */
const logged =
  /^#|^\W{0,2}(?:\d{2,4}[-:/.]\d\d|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b|[A-Z][a-z]{2} [ \d]\d \d\d:|\w+\[\d+\]:|(?:trace|debug|info|notice|warn|warning)\b)/i;
const warning =
  /^(?:Use of (?:uninitialized|freed|inherited|literal|\S+ (?:is|in|without|for))|Useless use|Argument ".*" (?:isn't|treated)|Odd number of elements|Reference found where|Scalar value @|Name ".*" used only once|"(?:my|our|state)" |Subroutine \S+ redefined|Constant subroutine|Deep recursion|Wide character|Possible |Unquoted string|Found = in|Prototype mismatch|Exiting |Statement unlikely|Integer overflow|Hexadecimal number|Non-(?:hex|octal)|Illegal (?:hexa|binary|octal)|Unsuccessful|Variable "|Parentheses missing|Can't exec "|Thread \d+ terminated|\t\(in cleanup\)|\(in cleanup\)|Redundant argument|Missing argument|Negative (?:repeat|offset)|substr outside|splice\(\) offset|\w+\(\) on (?:closed|unopened)|Filehandle |\S+ is (?:experimental|deprecated)|The .* feature is experimental|Smartmatch|isn't numeric|Applying |Unescaped left brace)/;

export const readPerl: CrashReader = (lines) => {
  const end = lines.findLastIndex((line) => line.trim() !== '' && !afterword.test(line)) + 1;
  const candidates = [
    lastWith(lines, (line) => line.endsWith('.') && aborted.test(line), readAborted),
    lastWith(
      lines,
      (line) => line.startsWith('BEGIN') && begun.test(line),
      (all, at) => readLast(all, at + 1, true),
    ),
    readStack(lines),
    readObject(lines),
    readLast(lines, end, false),
  ];
  const found = candidates.flatMap((candidate) => candidate ?? []).sort((a, b) => b.end - a.end)[0];
  return found ?? null;
};

const foundOf = (exception: ReadException, end: number): FoundCrash => ({
  reading: { platform: 'perl', exceptions: [exception] },
  end,
});

type ReadAt = (lines: readonly string[], at: number) => FoundCrash | null;

function lastWith(lines: readonly string[], test: (line: string) => boolean, read: ReadAt): FoundCrash | null {
  const at = lines.findLastIndex(test);
  return at < 0 ? null : read(lines, at);
}

/** The errors of the compiler, and the line that says that it gave up. */
function readAborted(lines: readonly string[], at: number): FoundCrash | null {
  let first: Placed | null = null;
  for (let above = at - 1; above >= Math.max(0, at - maxErrorLines); above -= 1) {
    const line = lines[above] ?? '';
    const placed = placeOf(line);
    if (placed?.message && !warning.test(line) && !logged.test(line)) first = placed;
    else if (first && !placed) break;
  }
  return first && foundOf({ type: 'die', value: first.message, frames: [frameOf(first, null)] }, at + 1);
}

/** The last stack of Carp: a message, and the lines that say what was called. */
function readStack(lines: readonly string[]): FoundCrash | null {
  const last = lines.findLastIndex((line) => callOf(line) !== null);
  if (last < 0) return null;
  let first = last;
  while (first > 0 && callOf(lines[first - 1] ?? '')) first -= 1;
  let head = first - 1;
  // A handler of `die` that confesses has the place twice.
  if (/^ at \S/.test(lines[head] ?? '')) head -= 1;
  const line = lines[head] ?? '';
  const placed = placeOf(line);
  if (!placed || warning.test(line) || logged.test(line)) return null;
  const frames: Frame[] = [];
  let inner = placed;
  for (const text of lines.slice(first, Math.min(last + 1, first + maxFrames))) {
    const call = callOf(text);
    if (!call) break;
    frames.unshift(frameOf(inner, call.name));
    inner = call.placed;
  }
  frames.unshift(frameOf(inner, null));
  return foundOf({ type: 'die', value: placed.message, frames }, last + 1);
}

/** What is no object is printed with a line end; die prints an object without one. */
function readObject(lines: readonly string[]): FoundCrash | null {
  const match = object.exec(lines.at(-1) ?? '');
  return match && foundOf({ type: match[1] ?? 'die', value: '', frames: [] }, lines.length);
}

/** The last line of all, where it says that Perl died there; or any, where the next one says that it did. */
function readLast(lines: readonly string[], end: number, isSure: boolean): FoundCrash | null {
  const places: Placed[] = [];
  for (let at = end - 1; at >= Math.max(0, end - maxPlaces); at -= 1) {
    const line = lines[at] ?? '';
    const placed = placeOf(line);
    if (passedOn.test(line)) {
      if (placed) places.push(placed);
      continue;
    }
    if (!placed) return null;
    if (placed.message === '' || !(isSure || perlFile.test(placed.file)) || /^\s/.test(line)) return null;
    if (warning.test(line) || logged.test(line)) return null;
    // What is compiled by `use` fails where it is called.
    const all = [...places, placed].filter(
      (place, index, every) => every.findLastIndex((other) => isSamePlace(place, other)) === index,
    );
    return foundOf({ type: 'die', value: placed.message, frames: all.map((place) => frameOf(place, null)) }, end);
  }
  return null;
}

interface Placed {
  readonly message: string;
  readonly file: string;
  readonly row: number;
}

const isSamePlace = (one: Placed, other: Placed): boolean => one.row === other.row && one.file === other.file;

/** `bad row at /srv/load.pl line 3.`, split. */
function placeOf(line: string): Placed | null {
  const tail = line.includes(' line ') ? lineTail.exec(line) : null;
  const at = tail ? ` ${line}`.lastIndexOf(' at ', tail.index) - 1 : -1;
  if (!tail || at < -1) return null;
  const file = line.slice(at + 4, tail.index);
  if (file === '') return null;
  return { message: (line.slice(0, Math.max(0, at)) + (tail[2] ?? '')).trim(), file, row: Number(tail[1]) };
}

interface Call {
  readonly name: string;
  readonly placed: Placed;
}

/** `	main::load(7) called at /srv/load.pl line 9`. */
function callOf(line: string): Call | null {
  const at = line.startsWith('\t') ? line.lastIndexOf(' called at ') : -1;
  const placed = at < 0 ? null : placeOf(line.slice(at + 7));
  if (!placed) return null;
  const [name = ''] = line.slice(1, at).split('(', 1);
  return { name: name.startsWith('eval ') ? '(eval)' : name, placed };
}

const frameOf = ({ file, row }: Placed, name: string | null): Frame => ({
  function: name,
  file,
  line: row,
  column: null,
  source: null,
  inApp:
    !/^\/usr\/(?:local\/)?(?:share|lib)\/.*perl|^\/etc\/perl\/|\/perl5\/|\/site_perl\/|\/(?:local|vendor)\/lib\//.test(
      file,
    ),
});
