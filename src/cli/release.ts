import { execFileSync } from 'node:child_process';
import { dirname } from 'node:path';
import type { PathChoices } from '../config/paths.ts';
import { dsnFlaw } from '../config/telemetry.ts';
import { errorCode, makeDirectory, writeDurablySync } from '../disk/durable.ts';
import { BootyError } from '../job/error.ts';
import { findPlace } from './place.ts';
import { note, print } from './terminal.ts';

export interface ReleaseOptions extends PathChoices {
  readonly environment?: string | undefined;
  readonly dryRun?: boolean | undefined;
}

/**
 * Writes release.env, atomically: what a deployment calls. It never touches secrets.env, and refuses what looks like a
 * credential.
 * @param commit null: the commit that is checked out in the current directory
 * @throws BootyError RELEASE_REFUSED
 */
export function release(commit: string | null, options: ReleaseOptions): void {
  const name = commit ?? checkedOutCommit();
  const environment = options.environment ?? 'production';
  refuse('the release', name, 200);
  refuse('the environment', environment, 64);
  const content = `# Written by booty release on each deployment. Credentials belong in secrets.env.\nSENTRY_RELEASE=${name}\nSENTRY_ENVIRONMENT=${environment}\n`;
  if (options.dryRun) {
    print(content);
    return;
  }
  const path = findPlace(options).paths.release;
  try {
    makeDirectory(dirname(path), 0o755);
    writeDurablySync(path, content, { mode: 0o644 });
  } catch (error) {
    const code = errorCode(error);
    if (code === null) throw error;
    throw new BootyError('RELEASE_REFUSED', `cannot write ${path} (${code})`, {
      hint: 'run it as root, or name another place with --root',
      cause: error,
    });
  }
  print(`${path}: release ${name}, environment ${environment}`);
  note('booty: the supervisor reads it when it starts: systemctl restart booty');
}

function checkedOutCommit(): string {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch (error) {
    throw new BootyError('RELEASE_REFUSED', 'no commit is named, and none is checked out here', {
      hint: 'booty release COMMIT',
      cause: error,
    });
  }
}

function refuse(what: string, value: string, limit: number): void {
  const flaw = looksLikeCredential(value)
    ? 'looks like a credential: those belong in secrets.env'
    : !/^[A-Za-z0-9][A-Za-z0-9._@+-]*$/.test(value)
      ? 'may have letters, digits and . _ @ + - only'
      : value.length > limit
        ? `may have at most ${limit} characters`
        : null;
  if (flaw !== null)
    throw new BootyError('RELEASE_REFUSED', `${what} ${flaw}`, {
      hint: 'name a commit or a version, such as 1f3c9a2 or booty@1.4.0; nothing was written',
    });
}

/** Shapes of common credentials; a commit is hexadecimal and a version short, so that neither is among them. */
function looksLikeCredential(value: string): boolean {
  if (dsnFlaw(value) === null || /:\/\/|-----BEGIN/.test(value)) return true;
  if (
    /^(?:sk|pk|rk|ghp|gho|ghs|ghu|github_pat|glpat|xox[abprs]|sntr[ysu]s?|AKIA|ASIA|AIza|eyJ|ya29|npm|pypi|hf|dckr_pat|do[opr]_v1|SG|vercel|shp(?:at|ca|pa|ss)|lin_api|rubygems)[-_A-Za-z0-9.]{12,}$/.test(
      value,
    )
  )
    return true;
  // Most vendors of today put a short word and an underscore before their tokens.
  if (/^[a-z]{2,10}_[A-Za-z0-9_]{20,}$/.test(value)) return true;
  if (/(?:password|passwd|secret|token|api[-_]?key)=?/i.test(value)) return true;
  return (
    value.length >= 32 &&
    !/^[0-9a-f]+$/.test(value) &&
    /[A-Z]/.test(value) &&
    /[a-z]/.test(value) &&
    /[0-9]/.test(value) &&
    !/[.@]/.test(value)
  );
}
