import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { parse } from 'dotenv';
import { errorCode } from '../disk/durable.ts';

/** One environment file, parsed straight into values: they never pass through `process.env`. */
export interface EnvFile {
  readonly path: string;
  readonly values: Readonly<Record<string, string>>;
  /** Permission bits. */
  readonly mode: number;
  /** Its owner; null where it is no file that we were given. */
  readonly uid: number | null;
  /** `secrets.env:3` for a variable that it has, else the path. */
  where(name: string): string;
}

export type EnvFileRead =
  | { readonly kind: 'read'; readonly file: EnvFile }
  | { readonly kind: 'missing' }
  | { readonly kind: 'failed'; readonly path: string; readonly code: string };

const maxEnvFileBytes = 1024 * 1024;

/** @param descriptor an open file to read in its place; its path is for messages only */
export function readEnvFile(path: string, descriptor?: number): EnvFileRead {
  let opened: number | null = null;
  try {
    const fd = descriptor ?? (opened = openSync(path, 'r'));
    const status = fstatSync(fd);
    if (status.isCharacterDevice()) return { kind: 'missing' }; // /dev/null
    if (status.isDirectory() || status.size > maxEnvFileBytes)
      return { kind: 'failed', path, code: status.isDirectory() ? 'EISDIR' : 'EFBIG' };
    const text = readFileSync(fd, 'utf8');
    const { mode, uid } = status.isFile() ? status : { mode: 0, uid: null };
    return { kind: 'read', file: envFile(path, text, mode & 0o7777, uid) };
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return { kind: 'missing' };
    if (code !== null) return { kind: 'failed', path, code };
    throw error;
  } finally {
    if (opened !== null) closeSync(opened);
  }
}

/** Parses the text of an environment file as dotenv does. */
export function envFile(path: string, text: string, mode: number, uid: number | null = null): EnvFile {
  const where = (name: string): string => {
    const rows = text.split('\n');
    const index = rows.findLastIndex((row) => row.replace(/^\s*(?:export\s+)?/, '').split(/\s*[=:]/, 1)[0] === name);
    return index < 0 ? path : `${path}:${index + 1}`;
  };
  return { path, values: parse(text), mode, uid, where };
}
