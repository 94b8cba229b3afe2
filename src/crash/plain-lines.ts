/*
 * What a program printed, as the lines that a person would have seen. Node's own stripVTControlCharacters takes the
 * square of the length for an opening that is never closed, over and over.
 */

/** A title or a link (ESC ]), a colour or a movement (ESC [), and the short ones. Nothing of it is gone over twice. */
const terminalCode =
  /\u001b\](?:[^\u0007\u001b\u009c\n]*(?:\u0007|\u001b\\|\u009c))?|(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]?|\u001b[ -/]*[0-Z\\^-~]/g;

export const withoutTerminalCodes = (text: string): string => text.replace(terminalCode, '');

/** The last lines; a terminal adds carriage returns, and a progress bar goes back to the beginning of its line. */
export const plainLines = (text: string, maxLines: number, maxLength: number): string[] =>
  withoutTerminalCodes(text)
    .replace(/\r+\n?/g, '\n')
    .split('\n')
    .slice(-maxLines)
    .map((line) => line.slice(0, maxLength));
