import { stripVTControlCharacters } from 'node:util';

/** Text of a job for people to read: one line, without what would speak to their terminal. */
export const plainLine = (text: string): string =>
  stripVTControlCharacters(text)
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
    .trim();
