import { marked, type Token, type Tokens } from 'marked';
import { bold, escaped, example, heading, italic, line, literal, paragraph, tagged } from './roff.ts';

/*
 * Markdown as Booty's documents are written, in roff. A table becomes a list: its first column names, the last tells, and
 * those between are told below, each with its heading; a page of a terminal is too narrow for five columns.
 */

/** @param text without the title of the first level, which a page of the manual has in its head. */
export function roffOf(text: string): string {
  const roff = marked.lexer(text).map(block).join('');
  // A heading begins a paragraph by itself.
  return roff.replaceAll(/^(\.S[HS] .*\n)\.PP\n/gm, '$1');
}

function block(token: Token): string {
  switch (token.type) {
    case 'heading':
      return token.depth === 1 ? '' : heading(token.depth === 2 ? 1 : 2, plain(token.tokens ?? []));
    case 'paragraph':
      return paragraph(inline(token.tokens ?? []));
    case 'code':
      return example(String(token.text));
    case 'table':
      return table(token as Tokens.Table);
    case 'list':
      return list(token as Tokens.List);
    case 'blockquote':
      return `.RS 4\n${(token.tokens ?? []).map(block).join('')}.RE\n`;
    // Comments are for the tests of the documents.
    case 'space':
    case 'html':
    case 'hr':
    case 'def':
      return '';
    default:
      throw new Error(`Markdown that the manual does not know: ${token.type}: ${token.raw}`);
  }
}

function list({ ordered, start, items }: Tokens.List): string {
  return items
    .map((item, index) => {
      const mark = ordered ? `${Number(start || 1) + index}.` : '\\(bu';
      const [first, ...rest] = item.tokens;
      const text = first === undefined ? '' : inline('tokens' in first && first.tokens ? first.tokens : []);
      const below = rest.map(block).join('');
      return `.IP ${mark} ${ordered ? 4 : 2}\n${line(text)}\n${below === '' ? '' : `.RS\n${below}.RE\n`}`;
    })
    .join('');
}

function table({ header, rows }: Tokens.Table): string {
  return rows
    .map((cells) => {
      const [term, ...others] = cells;
      const told = others.pop();
      const between = others
        .map((cell, index) => ({ name: plain(header[index + 1]?.tokens ?? []), roff: inline(cell.tokens) }))
        .filter(({ roff }) => roff !== '' && roff !== '–')
        .map(({ name, roff }) => `${italic(escaped(name))}: ${roff}`);
      return tagged(
        inline(term?.tokens ?? []),
        [inline(told?.tokens ?? []), between.join('. ')].filter((text) => text !== ''),
      );
    })
    .join('');
}

/** The text of a paragraph, on one line. */
function inline(tokens: readonly Token[]): string {
  return tokens.map(span).join('').replaceAll(/\s+/g, ' ').trim();
}

function span(token: Token): string {
  switch (token.type) {
    case 'text':
    case 'escape':
      return 'tokens' in token && token.tokens ? inlineSpaced(token.tokens) : escaped(entities(String(token.text)));
    case 'codespan':
      return bold(literal(String(token.text)));
    case 'strong':
      return bold(inlineSpaced(token.tokens ?? []));
    case 'em':
      return italic(inlineSpaced(token.tokens ?? []));
    case 'link':
      return link(token as Tokens.Link);
    case 'br':
      return ' ';
    case 'html':
      return '';
    default:
      throw new Error(`Markdown that the manual does not know: ${token.type}: ${token.raw}`);
  }
}

const inlineSpaced = (tokens: readonly Token[]): string => tokens.map(span).join('');

/** Another document is named by its file, an address stands behind its text. */
function link({ href, tokens }: Tokens.Link): string {
  const text = inlineSpaced(tokens);
  return /^https?:/.test(href) && plain(tokens) !== href ? `${text} (${escaped(href)})` : text;
}

const plain = (tokens: readonly Token[]): string =>
  tokens
    .map((token) =>
      'tokens' in token && token.tokens ? plain(token.tokens) : String(token.raw === undefined ? '' : textOf(token)),
    )
    .join('');

const textOf = (token: Token): string => ('text' in token ? entities(String(token.text)) : '');

/** marked leaves them in texts. */
const entities = (text: string): string =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
