import type { Frame } from '../exception.ts';

const position = /:(\d+):(\d+)$/;
const evalPosition = /\(([^()]+):(\d+):(\d+)\)/;
/** What stands in the place of a file: docs of V8, v8.dev/docs/stack-trace-api. */
const placeless = /^(?:<anonymous>|native|unknown location|index \d+|wasm:.+|\[native code\])$/;

/** `    at async load (file:///srv/load.mjs:3:9)`; null for a line that is no frame, though it may look like one. */
export function frameOf(line: string): Frame | null {
  if (!line.startsWith('    at ')) return null;
  const text = call(line).replace(/^async /, '');
  const open = text.endsWith(')') ? text.indexOf(' (') : -1;
  const place = open < 0 ? text : text.slice(open + 2, -1);
  const name = open < 0 ? null : nameOf(text.slice(0, open));
  const at = (place.startsWith('eval at ') ? evalPosition : position).exec(place);
  if (at?.length === 4) return makeFrame(name, at[1] ?? '', at[2], at[3]);
  if (at) return makeFrame(name, place.slice(0, at.index), at[1], at[2]);
  if (!placeless.test(place)) return null;
  const isFile = place === '<anonymous>' || place === 'native';
  return { ...makeFrame(name, place, undefined, undefined), file: isFile ? place : null, inApp: false };
}

/** The frame without what `inspect` puts behind the last one. */
export const call = (line: string): string =>
  line
    .trim()
    .replace(/(?: \{|,)$/, '')
    .replace(/^at /, '');

/** As the SDK of Sentry names functions: what V8 calls anonymous is `?`. */
function nameOf(name: string): string {
  const anonymous = name.endsWith('.<anonymous>') ? `${name.slice(0, -'<anonymous>'.length)}?` : name;
  const module = anonymous.lastIndexOf('.') > 0 ? anonymous.indexOf('.Module.') : -1;
  return module > 0 ? anonymous.slice(module + 1) : anonymous;
}

export function makeFrame(
  name: string | null,
  place: string,
  row: string | undefined,
  column: string | undefined,
): Frame {
  const file = pathOf(place);
  return {
    function: name,
    file,
    line: row === undefined ? null : Number(row),
    column: column === undefined ? null : Number(column),
    source: null,
    inApp: !/^node:|^<anonymous|^native|^\[eval\]-wrapper|^evalmachine\.|\/node_modules\//.test(file),
  };
}

/** The path of a file URL. A program may print any text in its place. */
function pathOf(place: string): string {
  const url = place.startsWith('file:///') ? URL.parse(place) : null;
  if (!url) return place;
  try {
    return decodeURIComponent(url.pathname);
  } catch (error) {
    if (error instanceof URIError) return place;
    throw error;
  }
}
