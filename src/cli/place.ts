import { readFileSync } from 'node:fs';
import { type Config, readConfig } from '../config/config.ts';
import { configPath, type PathChoices, type Paths, pathsOfEnvironment, resolvePaths } from '../config/paths.ts';
import { errorCode } from '../disk/durable.ts';
import { BootyError } from '../job/error.ts';
import type { Refusal } from '../job/refusal.ts';

/** Where this Booty is and what its booty.yaml says. */
export interface Place {
  readonly paths: Paths;
  readonly config: Config;
  /** What is wrong with booty.yaml; the defaults stand in for it. */
  readonly problems: readonly Refusal[];
}

/** Finds the place from the flags of a command and the environment. @throws BootyError CONFIG_INVALID where the file cannot be read at all */
export function findPlace(flags: PathChoices): Place {
  const environment = pathsOfEnvironment(process.env);
  const path = configPath(flags, environment);
  const { config, paths, problems } = readConfig(
    readConfigFile(path, (flags.config ?? environment.config) !== undefined),
  );
  return { config, paths: resolvePaths(flags, environment, paths), problems };
}

/** The same, where nothing may be wrong. @throws BootyError CONFIG_INVALID with every problem */
export function findSoundPlace(flags: PathChoices): Place {
  const place = findPlace(flags);
  if (place.problems.length > 0) {
    const [first, ...others] = place.problems;
    const message = place.problems
      .map((problem) => `${place.paths.config}${problem.line ? `:${problem.line}` : ''}: ${problem.message}`)
      .join('\nbooty: ');
    throw new BootyError('CONFIG_INVALID', message, {
      hint: others.length > 0 ? 'booty check shows them with what to do' : (first?.hint ?? ''),
    });
  }
  return place;
}

function readConfigFile(path: string, named: boolean): Uint8Array | null {
  try {
    return readFileSync(path);
  } catch (error) {
    const code = errorCode(error);
    if (!named && (code === 'ENOENT' || code === 'ENOTDIR')) return null;
    if (code === null) throw error;
    throw new BootyError('CONFIG_INVALID', `${path} cannot be read (${code})`, {
      hint: 'mend its permissions, or name another with --config-file',
      cause: error,
    });
  }
}
