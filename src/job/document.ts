import { isUtf8 } from 'node:buffer';
import { type Document, isMap, isNode, isPair, isScalar, Lexer, LineCounter, parseDocument as parseYaml } from 'yaml';
import { accepted, type Parsed, type Refusal, type RefusalCode, refused } from './refusal.ts';

/** The most bytes that a job file or a configuration file may have. */
export const maxDocumentBytes = 1024 * 1024;
const maxAliases = 100;
/** The parser looks for repeated keys by comparing each with each, and descends by recursion: both are bounded before it starts. */
const maxIndicators = 5000;
const maxDepth = 50;

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
  const json = text.value.trimStart().startsWith('{') ? parseJson(text.value) : undefined;
  if (json !== undefined) {
    // The position of a part of a JSON text is asked for only when something is wrong with it.
    let yaml: Parsed<TextDocument> | null = null;
    const locate = (path: KeyPath, key?: string): Position | null => {
      yaml ??= parseYamlText(text.value);
      return yaml.ok ? yaml.value.locate(path, key) : null;
    };
    return accepted({ data: json, locate });
  }
  return parseYamlText(text.value);
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
    const line =
      Buffer.from(content)
        .toString('latin1')
        .split('\n')
        .findIndex((row) => !isUtf8(Buffer.from(row, 'latin1'))) + 1;
    return refused({ ...problem('NOT_UTF8', 'not valid UTF-8', 'save the file as UTF-8'), line });
  }
  const text = new TextDecoder('utf-8').decode(content);
  if (text.trim() === '')
    return refused(problem('EMPTY', 'the file is empty', 'write it elsewhere or under a dot name, then rename it'));
  return accepted(text);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // YAML's parser reads it again, and says where it is wrong.
    throw error;
  }
}

function parseYamlText(text: string): Parsed<TextDocument> {
  const lines = new LineCounter();
  try {
    const excess = structuralExcess(text);
    if (excess) return refused(excess);
    const document = parseYaml(text, { lineCounter: lines, prettyErrors: false, version: '1.2', logLevel: 'error' });
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
    const data: unknown = document.toJS({ maxAliasCount: maxAliases });
    return accepted({ data, locate: (path, key) => locateIn(document, lines, path, key) });
  } catch (error) {
    if (error instanceof ReferenceError)
      return refused(problem('ALIASES', `more than ${maxAliases} aliases`, 'write the repeated parts out'));
    if (error instanceof RangeError)
      return refused(problem('SYNTAX', 'nested too deeply', 'a job needs no more than a few levels'));
    throw error;
  }
}

/** Counts what makes a document costly to build, in one pass over its tokens. */
function structuralExcess(text: string): Refusal | null {
  let indicators = 0;
  let depth = 0;
  let inLine = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === '\n' || token === '\r\n') inLine = 0;
    if (!'[]{}-?:'.includes(token)) continue;
    indicators += 1;
    inLine += token === '-' || token === '?' || token === ':' ? 1 : 0;
    depth += token === '[' || token === '{' ? 1 : token === ']' || token === '}' ? -1 : 0;
    // A flow collection may have many entries on a line; outside of one, each indicator in a line is a level.
    if (depth > maxDepth || (depth === 0 && inLine > maxDepth))
      return problem('SYNTAX', `more than ${maxDepth} levels deep`, 'a job needs no more than a few levels');
    if (indicators > maxIndicators)
      return problem(
        'TOO_LARGE',
        `more than ${maxIndicators} keys and list items`,
        'keep large data in a file of its own, and name it in the job',
      );
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
const oneLine = (text: string): string => text.split('\n', 1)[0] ?? text;
