import { withoutTerminalCodes } from '../job/plain-line.ts';

/** The last lines; a terminal adds carriage returns, and a progress bar goes back to the beginning of its line. */
export const plainLines = (text: string, maxLines: number, maxLength: number): string[] =>
  withoutTerminalCodes(text)
    .replace(/\r+\n?/g, '\n')
    .split('\n')
    .slice(-maxLines)
    .map((line) => line.slice(0, maxLength));
