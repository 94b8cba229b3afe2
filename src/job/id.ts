import { randomBytes } from 'node:crypto';
import type { Instant } from './units.ts';

declare const idBrand: unique symbol;
/** What names a job, its directory and its outcome file: letters, digits, `.`, `_`, `-`; `+` only in ids that Booty makes. */
export type JobId = string & { readonly [idBrand]: 'JobId' };

/** The longest id that a job file may ask for, in characters. */
export const maxIdLength = 120;
export const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const anyIdPattern = /^[A-Za-z0-9][A-Za-z0-9._+-]*$/;

/** The id as a person may write it in a job file; null where it is not one. */
export const parseJobId = (text: string): JobId | null =>
  text.length <= maxIdLength && idPattern.test(text) ? (text as JobId) : null;

/** An id that came from Booty itself: the ledger, an outcome, a person who copies one. Null where it can't be one. */
export const parseKnownId = (text: string): JobId | null =>
  text.length <= maxIdLength + 16 && anyIdPattern.test(text) ? (text as JobId) : null;

/**
 * The id of a verifier job: `ID+verify`, `ID+verify.2`, … and `ID+verify-r2`, … where a pipeline is verified again. `+`
 * keeps it apart from every id that a job file can ask for.
 * @param place among the verifiers of the pipeline, from 1
 * @param round how often the pipeline has been verified with this time, from 1
 */
export function verifierIdOf(pipeline: JobId, place = 1, round = 1): JobId {
  const which = place === 1 ? '' : `.${place}`;
  return `${pipeline}+verify${which}${round === 1 ? '' : `-r${round}`}` as JobId;
}

/** The id of a copy of an ended job that runs again: `nightly.2`, `nightly.3`, also of a copy. */
export function copyIdOf(id: JobId, copy: number): JobId {
  const first = id.replace(/\.\d{1,9}$/, '');
  return `${first.slice(0, maxIdLength - 10)}.${copy}` as JobId;
}

/**
 * Names one taking of one dropped file: eight letters and digits of the time, six of chance. What it names is found
 * again by it after a crash, and a job without an id of its own gets one that is made of it.
 */
export type DropToken = string & { readonly [idBrand]: 'DropToken' };
export const dropTokenPattern = /^[0-9a-z]{14}$/;

export const makeDropToken = (now: Instant): DropToken =>
  `${now.toString(36).padStart(8, '0').slice(-8)}${randomText(6)}` as DropToken;

/** The id of a job whose file asks for none; the same for the same drop. It tells what and when: `nightly-backup-20261124T020000-4f9k2c`. */
export function jobIdOfDrop(name: string, token: DropToken): JobId {
  const stem =
    name
      .replace(/[^A-Za-z0-9._-]+/g, '-')
      .replace(/^[^A-Za-z0-9]+/, '')
      .slice(0, 80) || 'job';
  const time = new Date(Number.parseInt(token.slice(0, 8), 36)).toISOString().replace(/[-:]|\.\d+Z$/g, '');
  return `${stem}-${time}-${token.slice(8)}` as JobId;
}

/**
 * The id of a job that a timer drops: the same for the same elapse, so that however often its service is started, the job
 * runs once. In the form of every other, with the microseconds in place of chance.
 * @param elapsedAtUs microseconds since 1970, as systemd gives them
 */
export const jobIdOfElapse = (name: string, elapsedAtUs: number): JobId =>
  jobIdOfDrop(
    name,
    `${Math.floor(elapsedAtUs / 1000)
      .toString(36)
      .padStart(8, '0')
      .slice(-8)}${String(elapsedAtUs % 1_000_000).padStart(6, '0')}` as DropToken,
  );

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** Random letters and digits, five bits each. */
export const randomText = (length: number): string =>
  Array.from(randomBytes(length), (byte) => alphabet[byte & 31]).join('');
