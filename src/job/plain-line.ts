/** A title or a link (ESC ]), a colour or a movement (ESC [), and the short ones. Nothing of it is gone over twice. */
const terminalCode =
  /\u001b\](?:[^\u0007\u001b\u009c\n]*(?:\u0007|\u001b\\|\u009c))?|(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]?|\u001b[ -/]*[0-Z\\^-~]/g;

/**
 * What a program printed, as a person would have seen it. Node's own stripVTControlCharacters takes the square of the
 * length for an opening that is never closed, over and over.
 */
export const withoutTerminalCodes = (text: string): string => text.replace(terminalCode, '');

/** Text of a job for people to read: one line, without what would speak to their terminal. */
export const plainLine = (text: string): string =>
  withoutTerminalCodes(text)
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
    .trim();

/** As much of a text as so many bytes of UTF-8 hold, and no half of a character. */
export const cutToBytes = (text: string, maxBytes: number): string =>
  new TextDecoder().decode(Buffer.from(text).subarray(0, maxBytes), { stream: true });
