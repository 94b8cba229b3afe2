import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { errorCode } from '../disk/durable.ts';
import { BootyError } from '../job/error.ts';

const limitMs = 30_000;
const maxOutputBytes = 16 * 1024 * 1024;

/**
 * Runs a program of systemd, by its words and without a shell, and returns what it prints: in English and in UTC.
 * @param environment what it gets beside that
 * @throws BootyError SYSTEMD_MISSING; SYSTEMD_FAILED with what the program said
 */
export function runSystemd(
  argv: readonly [string, ...string[]],
  environment: NodeJS.ProcessEnv = { TZ: 'UTC' },
): string {
  const [program, ...words] = argv;
  try {
    return execFileSync(program, words, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: limitMs,
      maxBuffer: maxOutputBytes,
      env: { PATH: process.env.PATH, LC_ALL: 'C', SYSTEMD_COLORS: '0', SYSTEMD_PAGER: '', ...environment },
    });
  } catch (error) {
    if (errorCode(error) === 'ENOENT') throw missing(`${program} is not there`, error);
    throw new BootyError('SYSTEMD_FAILED', `${argv.join(' ')}: ${reasonOf(error)}`, {
      hint: 'mend what it says, and try again',
      cause: error,
    });
  }
}

/** The same where it may fail: what counts is what is there afterwards. */
export function attempt(argv: readonly [string, ...string[]]): void {
  try {
    runSystemd(argv);
  } catch (error) {
    if (!(error instanceof BootyError) || error.code !== 'SYSTEMD_FAILED') throw error;
  }
}

export const isActive = (unit: string): boolean =>
  /^ActiveState=active$/m.test(runSystemd(['systemctl', 'show', '--property=ActiveState', unit]));

/** @throws BootyError SYSTEMD_MISSING where no systemd could run a timer */
export function demandSystemd(): void {
  // sd_booted(3)
  if (!existsSync('/run/systemd/system')) throw missing('systemd does not run here');
}

function missing(message: string, cause?: unknown): BootyError {
  return new BootyError('SYSTEMD_MISSING', `${message}: recurring jobs are timers of systemd`, {
    hint: 'without systemd, let cron or another scheduler run: booty submit FILE',
    cause,
  });
}

/** What the program said on standard error, else how it ended. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const said = 'stderr' in error ? String(error.stderr).trim() : '';
  if (said !== '') return said.replaceAll('\n', '; ').slice(0, 1000);
  if (errorCode(error) === 'ETIMEDOUT') return `not done after ${limitMs / 1000} s`;
  return 'status' in error && typeof error.status === 'number' ? `exit status ${error.status}` : error.message;
}
