import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type JobPlace, readSmallFile } from './workdir.ts';

/** In a release beside the program. */
const bashEnv = join(import.meta.dirname, 'bash-env.sh');

const depths = [1, 2, 3, 4, 5, 6, 7, 8];
const maxBytes = 64 * 1024;

const prefixOf = ({ directory }: JobPlace): string => join(directory, 'shell-failure');

/** What makes the shells of a job note which of their commands failed. */
export const shellEnvironment = (place: JobPlace): Readonly<Record<string, string>> => ({
  BASH_ENV: bashEnv,
  BOOTY_SHELL_FAILURE: prefixOf(place),
});

/** Removes what the shells of the step before have noted. @throws the system's error */
export function forgetShellFailures(place: JobPlace): void {
  for (const depth of depths) rmSync(`${prefixOf(place)}-${depth}`, { force: true, recursive: true });
}

/** What they have noted, outermost first, as texts that the job may have forged. */
export function readShellNotes(place: JobPlace): string[] {
  const texts: string[] = [];
  for (const depth of depths) {
    const text = readSmallFile(`${prefixOf(place)}-${depth}`, maxBytes);
    if (text === null) break;
    texts.push(text);
  }
  return texts;
}
