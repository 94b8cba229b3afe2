import { statSync } from 'node:fs';
import { TemplateShelf } from '../config/templates.ts';
import { errorCode } from '../disk/durable.ts';
import type { Place } from './place.ts';

/** The templates as the supervisor here has them. */
export const localShelf = (place: Place): TemplateShelf =>
  new TemplateShelf(place.paths.templates, supervisorUid(place));

/** Its state belongs to the supervisor's user. Where there is none yet, it is whoever asks. */
export const supervisorUid = ({ paths }: Place): number => ownerOf(paths.state) ?? process.geteuid?.() ?? 0;

export function ownerOf(path: string): number | null {
  try {
    return statSync(path, { throwIfNoEntry: false })?.uid ?? null;
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return null;
  }
}
