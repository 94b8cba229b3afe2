import { isUtf8 } from 'node:buffer';
import {
  type Alias,
  type CollectionTag,
  type Document,
  isMap,
  isNode,
  isPair,
  isScalar,
  Lexer,
  LineCounter,
  parseDocument as parseYaml,
  type ScalarTag,
  type Tags,
  visit,
} from 'yaml';
import { accepted, type Parsed, type Refusal, type RefusalCode, refused } from './refusal.ts';

/** The most bytes that a job file or a configuration file may have. */
export const maxDocumentBytes = 1024 * 1024;
const maxAliases = 100;
/** The parser looks for repeated keys by comparing each with each, and descends by recursion: both are bounded before it starts. */
const maxNodes = 5000;
const maxTokens = 25_000;
const maxDepth = 50;
const maxMessageLength = 300;

export type KeyPath = readonly (string | number)[];
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One YAML or JSON document: its data, and where in the text each of its parts stands. */
export interface TextDocument {
  readonly data: unknown;
  /** Where the value at this path stands, or, with `key`, the key of that name in it. Null where the text has no such place. */
  locate(path: KeyPath, key?: string): Position | null;
}

/** Reads one YAML 1.2 or JSON document. Never throws: whatever is wrong with the bytes comes back as a refusal with its line. */
export function parseDocument(content: Uint8Array): Parsed<TextDocument> {
  const text = decode(content);
  if (!text.ok) return text;
  const document = parseText(text.value);
  if (!document.ok || !text.value.includes(unusableKey) || !hasKey(document.value.data, unusableKey)) return document;
  const place = document.value.locate([], unusableKey);
  return refused({
    ...problem('UNKNOWN_KEY', `the key "${unusableKey}" cannot be used`, 'choose another name'),
    ...place,
    key: unusableKey,
  });
}

/** The one key that JavaScript gives a meaning of its own, and that validators therefore pass over without a word. */
const unusableKey = '__proto__';

/** @param seen an alias may lead back to what holds it */
function hasKey(data: unknown, key: string, seen = new Set<unknown>()): boolean {
  if (typeof data !== 'object' || data === null || seen.has(data)) return false;
  seen.add(data);
  return Object.hasOwn(data, key) || Object.values(data).some((value) => hasKey(value, key, seen));
}

function parseText(text: string): Parsed<TextDocument> {
  const json = text.trimStart().startsWith('{') ? parseJson(text) : undefined;
  if (json === tooMany) return refused(excess);
  if (json !== undefined) {
    // The position of a part of a JSON text is asked for only when something is wrong with it.
    let yaml: Parsed<TextDocument> | null = null;
    const locate = (path: KeyPath, key?: string): Position | null => {
      yaml ??= parseYamlText(text);
      return yaml.ok ? yaml.value.locate(path, key) : null;
    };
    return accepted({ data: json, locate });
  }
  return parseYamlText(text);
}

function decode(content: Uint8Array): Parsed<string> {
  if (content.byteLength > maxDocumentBytes) {
    return refused(
      problem(
        'TOO_LARGE',
        `more than ${maxDocumentBytes} bytes`,
        'keep large data in a file of its own, and name it in the job',
      ),
    );
  }
  if (!isUtf8(content)) {
    return refused({
      ...problem('NOT_UTF8', 'not valid UTF-8', 'save the file as UTF-8'),
      line: firstBadLine(content),
    });
  }
  const text = new TextDecoder('utf-8').decode(content);
  if (text.trim() === '')
    return refused(problem('EMPTY', 'the file is empty', 'write it elsewhere or under a dot name, then rename it'));
  return accepted(text);
}

/** From 1. */
function firstBadLine(content: Uint8Array): number {
  let line = 1;
  for (let start = 0; start < content.length; line += 1) {
    const end = content.indexOf(0x0a, start);
    if (end < 0 || !isUtf8(content.subarray(start, end))) break;
    start = end + 1;
  }
  return line;
}

const tooMany = Symbol('more nodes than a document may have');

/** Undefined where YAML's parser should read it again, and say where it is wrong. */
function parseJson(text: string): unknown {
  let keys = 0;
  let nodes = 0;
  // The third argument is not in TypeScript's library yet (ECMAScript, JSON.parse source text access).
  const keepWritten = (_key: string, value: unknown, context?: { readonly source?: string }): unknown => {
    nodes += 1;
    if (typeof value === 'number' && context?.source !== undefined && String(value) !== context.source)
      return context.source;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) keys += Object.keys(value).length;
    return value;
  };
  try {
    const data: unknown = JSON.parse(text, keepWritten);
    if (nodes > maxNodes) return tooMany;
    // JSON.parse keeps the last of two equal keys without a word.
    return keys === countJsonKeys(text) ? data : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

function countJsonKeys(text: string): number {
  let keys = 0;
  for (const [, colon] of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)) if (colon !== undefined) keys += 1;
  return keys;
}

function parseYamlText(text: string): Parsed<TextDocument> {
  const lines = new LineCounter();
  try {
    const found = isSimple(text) ? null : structuralExcess(text);
    if (found) return refused(found);
    const document = parseYaml(text, {
      lineCounter: lines,
      prettyErrors: false,
      version: '1.2',
      logLevel: 'error',
      customTags: asWritten,
    });
    const error = document.errors[0] ?? document.warnings[0];
    if (error) {
      const at = lines.linePos(error.pos[0]);
      const position = { line: Math.max(1, at.line), column: Math.max(1, at.col) };
      return error.code === 'MULTIPLE_DOCS'
        ? refused({
            ...problem(
              'SEVERAL_DOCUMENTS',
              'more than one document',
              'one job a file: drop the others as files of their own',
            ),
            ...position,
          })
        : refused({ ...problem('SYNTAX', oneLine(error.message), 'mend the YAML or JSON at that line'), ...position });
    }
    const data = dataOf(document, lines);
    return data.ok ? accepted({ data: data.value, locate: (path, key) => locateIn(document, lines, path, key) }) : data;
  } catch (error) {
    if (error instanceof RangeError) {
      return refused(problem('SYNTAX', 'nested too deeply', 'a job needs no more than a few levels'));
    }
    throw error;
  }
}

function dataOf(document: Document, lines: LineCounter): Parsed<unknown> {
  try {
    return accepted(document.toJS({ maxAliasCount: maxAliases }) as unknown);
  } catch (error) {
    if (!(error instanceof Error) || error instanceof RangeError) throw error;
    if (error.message.includes('alias count')) {
      return refused(problem('ALIASES', `more than ${maxAliases} aliases`, 'write the repeated parts out'));
    }
    const unresolved: Alias[] = [];
    visit(document, {
      Alias: (_key, alias) => {
        if (alias.resolve(document) === undefined) unresolved.push(alias);
      },
    });
    const position = positionOf(unresolved[0], lines);
    return refused({ ...problem('SYNTAX', oneLine(error.message), 'mend the YAML at that line'), ...position });
  }
}

/**
 * Numbers only where they read back as they are written: `1.10`, `0x10`, `007` and `1e3` stay the text that they are, as
 * whoever writes `command: [sleep, 1.10]` expects. Likewise only `true` and `false` are truth values.
 */
function asWritten(tags: Tags): Tags {
  return tags.flatMap((tag): Tags => {
    if (typeof tag !== 'object' || !isScalarTag(tag)) return [tag];
    if (tag.tag === 'tag:yaml.org,2002:float') return [];
    if (tag.tag === 'tag:yaml.org,2002:int') {
      return tag.format === undefined ? [{ ...tag, test: /^(?:0|-?[1-9][0-9]{0,14})$/ }] : [];
    }
    return tag.tag === 'tag:yaml.org,2002:bool' ? [{ ...tag, test: /^(?:true|false)$/ }] : [tag];
  });
}

const isScalarTag = (tag: CollectionTag | ScalarTag): tag is ScalarTag =>
  !('collection' in tag) || tag.collection === undefined;

/** Too short for more tokens than may be (a character is two at most), and with too few indicators for more levels or nodes: as most job files are. */
const isSimple = (text: string): boolean =>
  text.length < maxTokens / 4 && text.replace(/[^[\]{},?:-]+/g, '').length <= maxDepth;

/** Counts what makes a document costly to build, in one pass over its tokens that ends at the first excess. */
function structuralExcess(text: string): Refusal | null {
  let tokens = 0;
  let nodes = 0;
  let depth = 0;
  let inLine = 0;
  for (const token of new Lexer().lex(text)) {
    tokens += 1;
    if (token === '\n' || token === '\r\n') inLine = 0;
    if (token.length === 1 && '[]{},-?:'.includes(token)) nodes += 1;
    // A flow collection may have many entries on a line; outside of one, each indicator in a line is a level.
    if (depth === 0 && (token === '-' || token === '?' || token === ':')) inLine += 1;
    if (token === '[' || token === '{') depth += 1;
    if (token === ']' || token === '}') depth -= 1;
    if (depth > maxDepth || inLine > maxDepth) {
      return problem('SYNTAX', `more than ${maxDepth} levels deep`, 'a job needs no more than a few levels');
    }
    if (nodes > maxNodes || tokens > maxTokens) return excess;
  }
  return null;
}

function locateIn(document: Document, lines: LineCounter, path: KeyPath, key?: string): Position | null {
  const node = path.length === 0 ? document.contents : document.getIn(path, true);
  if (key !== undefined && isMap(node)) {
    for (const pair of node.items) {
      if (isPair(pair) && isScalar(pair.key) && String(pair.key.value) === key) return positionOf(pair.key, lines);
    }
  }
  return positionOf(node, lines);
}

function positionOf(node: unknown, lines: LineCounter): Position | null {
  if (!isNode(node) || !node.range) return null;
  const at = lines.linePos(node.range[0]);
  return { line: at.line, column: at.col };
}

const problem = (code: RefusalCode, message: string, hint: string): Refusal => ({ code, message, hint });
const oneLine = (text: string): string => (text.split('\n', 1)[0] ?? text).slice(0, maxMessageLength);
const excess = problem(
  'TOO_LARGE',
  `more than ${maxNodes} keys and list items`,
  'keep large data in a file of its own, and name it in the job',
);
