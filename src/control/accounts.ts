import { readFileSync } from 'node:fs';
import { errorCode } from '../disk/durable.ts';

/*
 * Names of users and groups from the machine's own files (passwd(5), group(5)). What only a directory service knows has
 * none here: the supervisor must not wait for a server of somebody else.
 */

/** The name of a user; null where the machine's files have none. */
export const userName = (uid: number): string | null => nameOf('/etc/passwd', String(uid));

/** The name of a group; null where the machine's files have none. */
export const groupName = (gid: number): string | null => nameOf('/etc/group', String(gid));

/** The number of a group that is named, or given by its number; null where there is none. */
export function groupId(name: string): number | null {
  if (/^\d{1,10}$/.test(name)) return Number(name);
  const id = entriesOf('/etc/group').find(([entry]) => entry === name)?.[2];
  return id === undefined ? null : Number(id);
}

const nameOf = (file: string, id: string): string | null =>
  entriesOf(file).find((entry) => entry[2] === id)?.[0] ?? null;

function entriesOf(file: string): readonly (readonly string[])[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => line.split(':'));
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return [];
  }
}
