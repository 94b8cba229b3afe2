/*
 * Roff for man(7): what both groff and mandoc set without a warning. Backslashes begin requests, a dot or an apostrophe at
 * the beginning of a line as well; a hyphen, a caret and the like are set as typographic signs unless they are asked for as
 * themselves, and could then not be copied into a shell.
 */

export interface Page {
  readonly name: string;
  readonly section: number;
  /** What it is, in half a line: whatis(1) and apropos(1) show it. */
  readonly summary: string;
  /** Roff, from the first section on. */
  readonly body: string;
}

export interface Edition {
  readonly version: string;
  /** Seconds since 1970. */
  readonly epoch: number;
}

export function pageText({ name, section, summary, body }: Page, { version, epoch }: Edition): string {
  const day = new Date(epoch * 1000).toISOString().slice(0, 10);
  const title = `.TH ${quoted(name.toUpperCase())} ${section} ${day} ${quoted(`Booty ${version}`)} ${quoted('Booty')}`;
  return `${title}\n.SH NAME\n${escaped(name)} \\- ${escaped(summary)}\n${body}`;
}

export const escaped = (text: string): string => text.replaceAll('\\', '\\(rs').replaceAll('-', '\\-');

/** As it is typed: nothing becomes another sign. */
export const literal = (text: string): string =>
  escaped(text).replaceAll("'", '\\(aq').replaceAll('`', '\\(ga').replaceAll('^', '\\(ha').replaceAll('~', '\\(ti');

export const bold = (roff: string): string => `\\fB${roff}\\fR`;
export const italic = (roff: string): string => `\\fI${roff}\\fR`;

/** A line of text that is none of a request. */
export const line = (roff: string): string => (/^[.']/.test(roff) ? `\\&${roff}` : roff);

export const heading = (level: 1 | 2, text: string): string =>
  `.${level === 1 ? 'SH' : 'SS'} ${quoted(level === 1 ? text.toUpperCase() : text)}\n`;

export const paragraph = (roff: string): string => `.PP\n${line(roff)}\n`;

export const tagged = (term: string, paragraphs: readonly string[]): string =>
  `.TP\n${line(term)}\n${paragraphs.map(line).join('\n.sp\n')}\n`;

export const example = (code: string): string =>
  `.PP\n.RS 4\n.EX\n${code
    .split('\n')
    .map((each) => line(literal(each)))
    .join('\n')}\n.EE\n.RE\n`;

const quoted = (text: string): string => `"${escaped(text).replaceAll('"', '\\(dq')}"`;
