import type { CrashReader, Frame } from '../exception.ts';

/*
 * What Tcl prints for an error that nothing caught (::errorInfo, tcl-lang.org/man/tcl8.6/TclCmd/tclvars.html), the last
 * call first. Only one that was not caught has the line of the file at its end:
 *
 *   bad row 7
 *       while executing
 *   "error "bad row $row""
 *       (procedure "load" line 2)
 *       invoked from within
 *   "load 7"
 *       (file "/srv/load.tcl" line 5)
 *
 * It has no type but an error code, which is not printed: the type is `TclError`. Lines of procedures count from the
 * head of the procedure, and nothing tells its file. Where a message begins is not told either: it is its last line.
 */

const maxFrames = 500;
const maxCommandLines = 200;

const marker = /^ {4}(?:while executing|invoked from within|while compiling)$/;
const executing = /^ {4}while (?:executing|compiling)$/;
const context = /^ {4}\((?:file |procedure |class |object |"|in namespace |lambda |autoloading |command |reading )/;
const fileContext = /^ {4}\(file "(.*)" line (\d+)\)$/;
const procedureContext = /^ {4}\(procedure "(.*)" line (\d+)\)$/;
const methodContext = /^ {4}\((?:class|object) "(.*)" (?:method "(.*)"|(constructor|destructor)) line (\d+)\)$/;
const namespaceContext = /^ {4}\(in namespace (?:eval|inscope) "(.*)" script line (\d+)\)$/;
const eventContext = /^ {4}\((?:"after" script|command bound to event|command for .*)\)$/;

export const readTcl: CrashReader = (lines) => {
  const last = lines.findLastIndex(
    (line) => line.startsWith('    (') && (fileContext.test(line) || eventContext.test(line)),
  );
  const first = last < 0 ? null : startOf(lines, last);
  if (first === null) return null;
  const frames = framesOf(lines, first, last);
  if (!frames) return null;
  const above = lines[first - 1] ?? '';
  // Of a stack that is cut off at its head, perhaps in the middle of a line, the message is gone.
  const value = / line \d+\)$/.test(above) ? '' : above.trim();
  return { reading: { platform: 'other', exceptions: [{ type: 'TclError', value, frames }] }, end: last + 1 };
};

/** The first marker of the stack that ends there: what ran, or the first one after the end of another stack. */
function startOf(lines: readonly string[], last: number): number | null {
  let first: number | null = null;
  for (let at = last - 1; at >= 0; at -= 1) {
    const line = lines[at] ?? '';
    if (marker.test(line)) first = at;
    if (executing.test(line)) break;
    const isEnd = fileContext.test(line) || eventContext.test(line);
    if (isEnd && !marker.test(lines[at + 1] ?? '')) break;
  }
  return first;
}

/** Null where it is not of the form above from its first line to its last one. */
function framesOf(lines: readonly string[], first: number, last: number): Frame[] | null {
  const frames: Frame[] = [];
  let source: string | null = null;
  for (let at = first; at <= last; ) {
    if (!marker.test(lines[at] ?? '') || !(lines[at + 1] ?? '').startsWith('"')) return null;
    const command = lines[at + 1] ?? '';
    const end = commandEnd(lines, at + 1, last);
    if (end === null) return null;
    source ??= end === at + 2 ? command.replace(/^"|"$/g, '') : command.slice(1);
    for (at = end; at <= last && context.test(lines[at] ?? ''); at += 1) {
      const frame = frameOf(lines[at] ?? '', source);
      if (!frame) continue;
      if (frames.length < maxFrames) frames.unshift(frame);
      source = null;
    }
  }
  return frames;
}

/** A command may have many lines; what follows it is a context, or the command around it. */
function commandEnd(lines: readonly string[], first: number, last: number): number | null {
  for (let at = first + 1; at <= Math.min(last, first + maxCommandLines); at += 1) {
    const line = lines[at] ?? '';
    if ((context.test(line) || marker.test(line)) && (lines[at - 1] ?? '').endsWith('"')) return at;
  }
  return null;
}

function frameOf(line: string, source: string | null): Frame | null {
  const file = fileContext.exec(line);
  if (file) return makeFrame(null, file[1] ?? null, file[2], source);
  const procedure = procedureContext.exec(line);
  if (procedure) return makeFrame(procedure[1] ?? null, null, procedure[2], source);
  const method = methodContext.exec(line);
  if (method) {
    const frame = makeFrame(method[2] ?? method[3] ?? null, null, method[4], source);
    return method[1] === undefined ? frame : { ...frame, module: method[1] };
  }
  const namespace = namespaceContext.exec(line);
  if (namespace) return makeFrame(`namespace eval ${namespace[1] ?? ''}`, null, namespace[2], source);
  return eventContext.test(line) ? makeFrame(line.trim().replace(/^\(|\)$/g, ''), null, undefined, source) : null;
}

const makeFrame = (
  name: string | null,
  file: string | null,
  row: string | undefined,
  source: string | null,
): Frame => ({
  function: name,
  file,
  line: row === undefined ? null : Number(row),
  column: null,
  source,
  inApp: file === null || !/\/(?:share|lib)\/(?:tcltk|tcl\d)/.test(file),
});
