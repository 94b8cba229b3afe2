import type { PathChoices } from '../config/paths.ts';
import { exitStatus } from './exit-status.ts';
import { describeExplanation, explain } from './explain.ts';
import { findSoundPlace } from './place.ts';
import { readJobFile } from './read-job.ts';
import { print, printJson } from './terminal.ts';

export interface CheckFilesOptions extends PathChoices {
  /** Who would drop them: a name or a number. */
  readonly as?: string | undefined;
  readonly json?: boolean | undefined;
}

/** Tells what files would do if they were dropped, and for whom. Exit status 1 where one would be refused. @throws BootyError CONFIG_INVALID, USAGE */
export async function checkFiles(paths: readonly string[], options: CheckFilesOptions): Promise<number> {
  const place = findSoundPlace(options);
  const files = paths.map((path) => ({ path, file: readJobFile(path) }));
  const explanations = await explain(files, place, options.as);
  if (options.json) printJson(explanations);
  else print(explanations.map(describeExplanation).join('\n\n'));
  return explanations.every(({ accepted }) => accepted) ? exitStatus.succeeded : exitStatus.refused;
}
