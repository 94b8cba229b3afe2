import type { Shell } from '../job/step.ts';

/**
 * What reads a line: each stops at its first failure, and those that know a `pipefail` take the failure of any part of a
 * pipe for one. `sh` goes without it: some machines' knows it and others' does not, and a job shall mean the same on both.
 */
export function argvOfLine(shell: Shell, line: string): readonly [string, ...string[]] {
  switch (shell) {
    case 'sh':
      return ['/bin/sh', '-e', '-c', line];
    case 'dash':
      return [shell, '-e', '-c', line];
    case 'bash':
    case 'ksh':
      return [shell, '-e', '-o', 'pipefail', '-c', line];
    case 'zsh':
      // It would read somebody's .zshenv else.
      return [shell, '-f', '-e', '-o', 'pipefail', '-c', line];
  }
}
