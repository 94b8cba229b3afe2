import type { CrashReader, Frame, ReadException } from '../exception.ts';

/*
 * What Elixir prints for an exception that ended the program (Exception.format, hexdocs.pm/elixir/Exception.html):
 *
 *   ** (exit) exited in: GenServer.call(#PID<0.103.0>, :load, 5000)
 *       ** (EXIT) an exception was raised:
 *           ** (ArgumentError) bad row
 *               lib/worker.ex:4: Worker.handle_call/3
 *               (stdlib 4.2) gen_server.erl:1149: :gen_server.try_handle_call/4
 *       (elixir 1.14.0) lib/gen_server.ex:1038: GenServer.call/3
 *
 * What the logger tells of another process looks alike; it stands below a line that says so, and is passed over.
 * Named as sentry-elixir names them.
 */

const header = /^( *)\*\* \(([A-Z][\w.]*|exit|throw|stop|EXIT from #PID<[\d.]+>)\) ?(.*)$/;
const logLine = /\[error\]|\bterminat(?:ing|ed)\b|\braised an exception$/;
const frameLine = /^ +(?:\((\w+)(?: [^()\s]+)?\) )?(?:(\S[^:]*\.[a-z]+):(?:(\d{1,9}):)? )?(\S.*)$/;
const call = /^(?:anonymous fn\/\d+ in )?(:"[^"]+"|:[\w@]+|[A-Z]\w*(?:\.[A-Z]\w*)*)\.(?:"[^"]+"|[^\s("]+)[/(]/;
const place = /^(?:anonymous fn\/\d+(?: in .+)?|\((?:file|module|stdlib)\)|.+\/\d+)$/;
/** Says only that what stands below it is the reason. */
const wrapper = /^(?:an exception was raised|stopped):?$/;

const maxMessageLines = 100;
const maxFrames = 500;
const maxDepth = 10;

/** The applications of Elixir and OTP, and the libraries that most programs are built from. */
const libraries = new Set(
  `elixir stdlib kernel erts mix iex logger ex_unit eex compiler crypto ssl inets public_key sasl tools runtime_tools
  absinthe amqp bandit broadway castore connection cowboy cowlib db_connection ecto ecto_sql finch floki gen_stage
  gettext hackney httpoison jason kino mint mox myxql nimble_options nimble_pool nimble_parsec oban phoenix
  phoenix_html phoenix_live_view phoenix_pubsub plug plug_cowboy plug_crypto poison postgrex quantum ranch req
  redix sentry swoosh telemetry tesla thousand_island tzdata`.split(/\s+/),
);

interface Found {
  readonly exceptions: readonly ReadException[];
  readonly next: number;
}

export const readElixir: CrashReader = (lines) => {
  const start = lines.findLastIndex((line, at) => line.startsWith('** (') && header.test(line) && !isLogged(lines, at));
  if (start < 0) return null;
  const { exceptions, next } = readOne(lines, start, 0, 0);
  const [first, ...others] = exceptions;
  if (!first) return null;
  const sure = exceptions.some(
    ({ type, frames }) => frames.length > 0 || /(?:Error|Exception)$|^(?:Mix|EXIT|exit|throw)$/.test(type),
  );
  return sure ? { reading: { platform: 'elixir', exceptions: [first, ...others] }, end: next } : null;
};

function isLogged(lines: readonly string[], start: number): boolean {
  for (let at = start - 1; at >= Math.max(0, start - 4); at -= 1) {
    const line = lines[at] ?? '';
    if (line.trim() === '') return false;
    if (logLine.test(line)) return true;
  }
  return false;
}

/** The exception whose header stands at `start`, and before it those that it was raised for. */
function readOne(lines: readonly string[], start: number, indent: number, depth: number): Found {
  const [, , type = '', firstLine = ''] = header.exec(lines[start] ?? '') ?? [];
  const body = bodyOf(lines, start, indent);
  const value = [firstLine, ...lines.slice(start + 1, body ?? start + 1)]
    .map((line) => line.trimEnd())
    .join('\n')
    .trimEnd();
  const causes: ReadException[] = [];
  const frames: Frame[] = [];
  let next = body ?? start + 1;
  while (next < lines.length) {
    const line = lines[next] ?? '';
    const frame = frameOf(line, indent + 4);
    if (frame) {
      if (frames.length < maxFrames) frames.push(frame);
      next += 1;
    } else if (depth < maxDepth && indentOf(line) === indent + 4 && header.test(line)) {
      const found = readOne(lines, next, indent + 4, depth + 1);
      causes.push(...found.exceptions);
      next = found.next;
    } else break;
  }
  const name = type.startsWith('EXIT') ? 'EXIT' : type;
  const own = { type: name, value, frames: frames.toReversed() };
  const only = causes.length > 0 && name === 'EXIT' && wrapper.test(value);
  return { exceptions: only ? causes : [...causes, own], next };
}

/** Where the message ends and the stack or the reason begins. Null where the message is all there is. */
function bodyOf(lines: readonly string[], start: number, indent: number): number | null {
  for (let at = start + 1; at <= start + maxMessageLines; at += 1) {
    const line = lines[at];
    if (line === undefined || (indentOf(line) <= indent && header.test(line))) return null;
    if (frameOf(line, indent + 4) || (indentOf(line) === indent + 4 && header.test(line))) return at;
  }
  return null;
}

const indentOf = (line: string): number => line.length - line.trimStart().length;

function frameOf(line: string, indent: number): Frame | null {
  if (indentOf(line) !== indent) return null;
  const [, app, file, number, what = ''] = frameLine.exec(line) ?? [];
  const [, name] = call.exec(what) ?? [];
  if (name === undefined && !((app !== undefined || file !== undefined) && place.test(what))) return null;
  if (name !== undefined && !/[/(]/.test(what.slice(name.length))) return null;
  // Elixir's modules are atoms that begin with this; Erlang's begin with nothing.
  const module = name === undefined ? null : name.startsWith(':') ? name.slice(1) : `Elixir.${name}`;
  return {
    function: withArity(what),
    ...(module === null ? {} : { module }),
    file: file ?? null,
    line: number === undefined ? null : Number(number),
    column: null,
    source: null,
    inApp: app === undefined ? file !== undefined || !what.startsWith(':') : !libraries.has(app),
  };
}

/** `Shop.run(["a", "b"])` is `Shop.run/1`: the arguments of a failed call are data. */
function withArity(what: string): string {
  const open = what.indexOf('(');
  if (open <= 0 || !what.endsWith(')')) return what;
  let depth = 0;
  let commas = 0;
  let quoted = false;
  for (let at = open + 1; at < what.length - 1; at += 1) {
    const character = what[at] ?? '';
    if (character === '\\') at += 1;
    else if (character === '"') quoted = !quoted;
    else if (quoted) continue;
    else if ('([{<'.includes(character)) depth += 1;
    else if (')]}>'.includes(character)) depth -= 1;
    else if (character === ',' && depth === 0) commas += 1;
  }
  const empty = what.slice(open + 1, -1).trim() === '';
  return `${what.slice(0, open)}/${empty ? 0 : commas + 1}`;
}
