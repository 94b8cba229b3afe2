import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { decide, searchPath } from '../system/prerequisites.ts';
import type { SpotlightScene } from './spotlight-scene.ts';

/*
 * Spotlight is Sentry's own local server: what it takes and shows is an envelope as others understand it. Its version 4
 * fails with hono 4.13 (every request: `ctx.req.query(...).toString is not a function`), so that test/peers holds hono at 4.12.
 */

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const env = { ...process.env, PATH: searchPath };

/** Runs a program in a network namespace that has loopback only: as root, or as an ordinary user who plays root in it. */
const inside = (flags: string, argv: readonly string[]) =>
  spawnSync('unshare', [flags, '--', 'sh', '-c', 'ip link set lo up && exec "$@"', 'inside', ...argv], {
    env,
    encoding: 'utf8',
    timeout: 90_000,
  });

const flags = ['-rn', '-n'].find((candidate) => inside(candidate, ['true']).status === 0);

function missingPrerequisite(): string | null {
  if (!existsSync(here('../peers/node_modules/.bin/spotlight')))
    return 'needs Spotlight: npm install --prefix test/peers';
  return flags === undefined ? 'needs a network namespace of its own: unshare (util-linux), ip (iproute2)' : null;
}

const name = 'Sentry’s own Spotlight shows the crash with its tags, its exception and what the job printed';
const decision = decide(process.env, missingPrerequisite());
switch (decision.kind) {
  case 'skip':
    void test(name, { skip: decision.reason });
    break;
  case 'fail':
    void test(name, () => assert.fail(decision.reason));
    break;
  case 'run':
    void test(name, () => {
      const { status, stdout, stderr } = inside(flags ?? '-n', [process.execPath, here('spotlight-scene.ts')]);
      assert.equal(status, 0, stderr);
      const { outcome, event, attachments } = JSON.parse(stdout) as SpotlightScene;
      assert.equal(event.event_id, outcome.sentry?.eventId);
      const { job_id: id, job_kind: kind, cause, exit_code: code, step, attempt } = event.tags ?? {};
      assert.deepEqual(
        { id, kind, cause, code, step, attempt },
        {
          id: 'peer',
          kind: 'pipeline',
          cause: 'exit-code',
          code: '3',
          step: 'main',
          attempt: '1',
        },
      );
      assert.match(event.exception?.values[0]?.type ?? '', /exited with 3/);
      assert.equal(event.environment, 'development');
      assert.deepEqual(attachments, [{ filename: 'stdout.txt', data: 'for Spotlight\n' }]);
    });
    break;
}
