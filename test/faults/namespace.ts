import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { decide, searchPath } from '../system/prerequisites.ts';

/*
 * Tests that mount file systems run in a mount namespace of their own, as root or as an ordinary user who plays root in
 * it: the file runs itself once more in there, and what it mounts goes with it.
 */

const variable = 'BOOTY_TEST_MOUNTS';
const { NODE_TEST_CONTEXT: _context, ...environment } = process.env;

const inside = (flags: string, argv: readonly string[], timeout: number) =>
  spawnSync('unshare', [flags, '--propagation', 'private', '--', ...argv], {
    env: { ...environment, PATH: searchPath, [variable]: 'private' },
    encoding: 'utf8',
    timeout,
    killSignal: 'SIGKILL',
  });

/** Defines tests that may mount what they like. */
export function testWithMounts(name: string, file: string, define: () => void, timeoutMs = 300_000): void {
  if (process.env[variable] === 'private') {
    define();
    return;
  }
  const tryMount = ['mount', '-t', 'tmpfs', 'none', '/mnt'];
  const flags = ['-m', '-rm'].find((candidate) => inside(candidate, tryMount, 10_000).status === 0);
  const missing = flags === undefined ? 'needs a mount namespace of its own: unshare and mount (util-linux)' : null;
  const decision = decide(process.env, missing);
  void test(name, { skip: decision.kind === 'skip' ? decision.reason : false }, (t) => {
    if (decision.kind === 'fail') throw new Error(decision.reason);
    const { status, signal, stdout, stderr } = inside(flags ?? '-m', [process.execPath, file], timeoutMs);
    for (const line of stdout.split('\n')) if (/^[✔✖ℹ]/.test(line.trim())) t.diagnostic(line.trim());
    if (status !== 0) throw new Error(`${signal ?? status}\n${stdout}${stderr}`);
  });
}
