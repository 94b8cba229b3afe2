import { chownSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Root } from '../harness/root.ts';

/** Nobody: has no right that root has not given away. */
export const nobody = 65_534;
/** A user that no passwd file knows, as containers have. */
export const nameless = 54_321;

export const isRoot = process.getuid?.() === 0;
/** For tests that only root can set up; what they show is then told as skipped. */
export const rootOnly = isRoot ? {} : { skip: 'only root can set this up' };

/** Runs a program as that user, where we are root; as ourselves otherwise. */
export const asUser = (uid: number): readonly [string, ...string[]] =>
  isRoot ? ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'] : ['env'];

/** Gives a root to that user. */
export function giveTo(root: Root, uid: number): void {
  if (isRoot) chownAll(root.path, uid);
}

function chownAll(path: string, uid: number): void {
  chownSync(path, uid, uid);
  if (lstatSync(path).isDirectory()) for (const name of readdirSync(path)) chownAll(join(path, name), uid);
}
