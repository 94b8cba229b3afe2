import type { CrashReader, Frame, ReadException } from '../exception.ts';

/*
 * What Erlang prints when an escript, or the function that `erl -s` or `-eval` was to run, fails:
 *
 *   escript: exception error: no match of right hand side value {error,enoent}
 *     in function  load:main/1 (load.escript, line 5)
 *     in call from escript:run/2 (escript.erl, line 750)
 *
 *   init terminating in do_boot ({badarith,[{job,run,1,[{file,"job.erl"},{line,3}]},{init,do_boot,3,[]}]})
 *
 * Named as sentry-elixir names them: Erlang's errors have names in Elixir (Exception.normalize).
 */

const escriptHeader = /^escript: exception (error|exit|throw): (.*)$/;
const escriptFrame =
  /^ {2}in (?:function|call from) {1,2}(?:([\w@]+|'[^']+'):)?(\S+\/\d+)(?: \((.+), line (\d{1,9})\))? *$/;
const escriptDetail = /^ {5}(?:called as |\*\*\* argument )/;
const failedClause = /^no function clause matching ([\w@]+):([\w@]+)(\(.*\)) \((.+), line (\d{1,9})\)$/;
const bootHeader = /^(?:init terminating in do_boot|Runtime terminating during boot) \((.*)\)$/;
const bootTerm = /^\{"(?:init terminating in do_boot|Runtime terminating during boot)",(.*)\}$/;

const maxFrames = 500;
const maxMessageLines = 100;

const errorNames: readonly (readonly [RegExp, string])[] = [
  [/^(?:bad argument$|badarg$)/, 'ArgumentError'],
  [/^(?:an error occurred when evaluating an arithmetic expression$|badarith$)/, 'ArithmeticError'],
  [/^(?:no match of right hand side value |\{badmatch,)/, 'MatchError'],
  [/^(?:undefined function |undef$)/, 'UndefinedFunctionError'],
  [/^(?:no function clause matching |function_clause$)/, 'FunctionClauseError'],
  [/^(?:no case clause matching |\{case_clause,)/, 'CaseClauseError'],
  [/^(?:no try clause matching |\{try_clause,)/, 'TryClauseError'],
  [/^(?:bad map |\{badmap,)/, 'BadMapError'],
  [/^(?:bad function |\{badfun,)/, 'BadFunctionError'],
  [/^(?:interpreted function with arity \d+ called|.*called with|\{badarity,)/, 'BadArityError'],
];

const library =
  /^(?:application\w*|array|binary|code\w*|crypto|dets|dict|elixir\w*|erl_\w+|erlang|error_handler|erpc|erts_\w+|escript|ets|file\w*|gb_\w+|gen|gen_\w+|httpc\w*|inet\w*|init|io|io_lib\w*|lists|logger\w*|maps|mnesia\w*|orddict|ordsets|prim_\w+|proc_lib|proplists|queue|re|rpc|sets|shell|ssl\w*|string|supervisor\w*|sys|timer|unicode)$/;

export const readErlang: CrashReader = (lines) => {
  const start = lines.findLastIndex(startsCrash);
  const line = lines[start];
  if (line === undefined) return null;
  const [, how, message = ''] = escriptHeader.exec(line) ?? [];
  if (how) return readEscript(lines, start, how, message);
  const [, term = ''] = bootHeader.exec(line) ?? bootTerm.exec(line) ?? [];
  return found(exceptionOf(term), start + 1);
};

const startsCrash = (line: string): boolean =>
  line !== '' &&
  'eiR{'.includes(line.charAt(0)) &&
  (escriptHeader.test(line) || bootHeader.test(line) || bootTerm.test(line));

const found = (exception: ReadException, end: number): ReturnType<CrashReader> => ({
  reading: { platform: 'elixir', exceptions: [exception] },
  end,
});

function readEscript(lines: readonly string[], start: number, how: string, first: string): ReturnType<CrashReader> {
  let at = start + 1;
  // A long reason goes on below itself.
  while (at < start + maxMessageLines && /^ +\S/.test(lines[at] ?? '') && !escriptFrame.test(lines[at] ?? '')) at += 1;
  if (!escriptFrame.test(lines[at] ?? '')) at = start + 1;
  const value = [first, ...lines.slice(start + 1, at)].join('\n');
  const frames: Frame[] = [];
  const [, module, name, args, file, number] = failedClause.exec(first) ?? [];
  if (module && name && args && file) {
    const arity = elementsOf(`{${args.slice(1, -1)}}`)?.length ?? 0;
    frames.push(frameOf(module, `${name}/${arity}`, file, number));
  }
  for (; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const [, inModule = 'erlang', fun, inFile, inLine] = escriptFrame.exec(line) ?? [];
    if (fun && frames.length < maxFrames) frames.push(frameOf(inModule, fun, inFile, inLine));
    else if (!fun && !escriptDetail.test(line)) break;
  }
  return found({ type: how === 'error' ? errorName(first) : how, value, frames: frames.toReversed() }, at);
}

const errorName = (reason: string): string =>
  errorNames.find(([pattern]) => pattern.test(reason))?.[1] ?? 'ErlangError';

/** Of `{Reason,[{Module,Function,Arity,Location},…]}`, or of a reason without a stack. */
function exceptionOf(term: string): ReadException {
  const [reason = '', stack, ...rest] = elementsOf(term) ?? [];
  const calls = rest.length === 0 && stack?.startsWith('[') ? (elementsOf(stack) ?? []) : [];
  const frames = calls.slice(0, maxFrames).flatMap((one) => callOf(one) ?? []);
  if (frames.length === 0) return { type: 'exit', value: term, frames: [] };
  return { type: errorName(reason), value: reason, frames: frames.toReversed() };
}

function callOf(term: string): Frame | null {
  const [module, name, args, location, ...rest] = term.startsWith('{') ? (elementsOf(term) ?? []) : [];
  if (!module || !name || !args || !location || rest.length > 0) return null;
  const arity = args.startsWith('[') ? (elementsOf(args)?.length ?? 0) : args;
  const file = /\{file,"([^"]*)"\}/.exec(location)?.[1];
  return frameOf(module, `${name}/${arity}`, file, /\{line,(\d{1,9})\}/.exec(location)?.[1]);
}

/** The elements of a tuple or a list, as they are written. Null where the term is neither, or is cut off. */
function elementsOf(term: string): string[] | null {
  if (!/^[{[]/.test(term) || !/[}\]]$/.test(term)) return null;
  const elements: string[] = [];
  let depth = 0;
  let quote = '';
  let from = 1;
  for (let at = 1; at < term.length - 1; at += 1) {
    const character = term[at] ?? '';
    if (character === '\\') at += 1;
    else if (quote) quote = character === quote ? '' : quote;
    else if (character === '"' || character === "'") quote = character;
    else if ('{[('.includes(character)) depth += 1;
    else if ('}])'.includes(character)) depth -= 1;
    else if (character === ',' && depth === 0) {
      elements.push(term.slice(from, at));
      from = at + 1;
    }
  }
  const last = term.slice(from, -1);
  if (depth !== 0 || quote) return null;
  return last === '' && elements.length === 0 ? [] : [...elements, last];
}

const frameOf = (module: string, fun: string, file: string | undefined, line: string | undefined): Frame => ({
  function: `:${module}.${fun}`,
  module: module.replaceAll("'", ''),
  file: file ?? null,
  line: line === undefined ? null : Number(line),
  column: null,
  source: null,
  inApp: !library.test(module),
});
