import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Paints for a terminal only. */
export const paint = (style: Style, text: string): string => styleText(style, text);

/** How many columns a line may have. */
const width = process.stdout.columns || 100;

export function say(text = ''): void {
  process.stdout.write(`${text}\n`);
}

export function heading(text: string): void {
  say();
  say(paint('bold', text));
}

/** The text in lines of at most the page's width, each below the other. */
export function paragraph(text: string, indent = ''): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((one) => `${indent}${one}`).join('\n');
}

/** One line of text, cut where the page ends. */
export const clip = (text: string): string => (text.length <= width ? text : `${text.slice(0, width - 1)}…`);

/** A name and its value; further lines of the value stand below the first. */
export function row(name: string, value: string): string {
  const column = 15;
  const lines = paragraph(value, ' '.repeat(column)).split('\n');
  return lines
    .map((line, index) => (index === 0 ? `${paint('dim', name.padEnd(column))}${line.slice(column)}` : line))
    .join('\n');
}
