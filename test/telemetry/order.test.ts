import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { endWithUs, plainEnvironment, program } from '../harness/program.ts';
import { Receiver } from '../harness/receiver.ts';
import { type JobKeys, Root } from '../harness/root.ts';
import { poll } from '../harness/waiting.ts';
import type { Watched } from './order-watcher.ts';

const kinds: readonly object[] = [
  { run: 'echo words; exit 3' },
  { run: 'yes "so many words" | head -c 200000; exit 4' },
  { run: 'kill -KILL $$' },
  { command: ['no-such-program-anywhere'] },
  { run: 'sleep 30', timeout: '50ms' },
  { run: 'true', verify: { run: 'exit 2' } },
  { kind: 'verifier', run: 'kill -TERM $$' },
  // What it leaves behind is killed, and told of in a line of its own.
  { run: 'setsid sleep 30 & exit 5' },
];
const jobs: readonly JobKeys[] = Array.from({ length: 10 * kinds.length }, (_, index) => ({
  id: `job-${index}`,
  ...kinds[index % kinds.length],
}));
const failures = jobs.flatMap((job) => ('verify' in job ? [job.id, `${job.id}+verify`] : [job.id]));

/** A supervisor that writes its journal to a file, so that nobody stands between it and the watcher. */
async function superviseInto(journal: string, root: Root) {
  const file = openSync(journal, 'w');
  const env = plainEnvironment;
  const child = spawn(program, ['supervise', '--root', root.path], { env, stdio: ['ignore', file, 'inherit'] });
  closeSync(file);
  endWithUs(child);
  await poll('a supervisor that is ready', () =>
    readFileSync(journal, 'utf8').includes('supervisor.ready') ? true : null,
  );
  return {
    stop: () => {
      child.kill('SIGTERM');
      return poll('its end', () => child.exitCode ?? child.signalCode);
    },
  };
}

/** Resolves once it looks; what it gives back ends it, and tells what it saw. */
async function watch(...args: readonly string[]): Promise<() => Promise<Watched>> {
  const watcher = fileURLToPath(new URL('order-watcher.ts', import.meta.url));
  const child = spawn(process.execPath, [watcher, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  endWithUs(child);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  await once(child.stdout, 'data');
  return async () => {
    child.stdin.end();
    await once(child.stdout, 'end');
    return JSON.parse(output) as Watched;
  };
}

async function watchFailures(isSentryThere: boolean): Promise<Watched> {
  await using root = await Root.make({ config: 'concurrency: { pipeline: 6, verifier: 6 }' });
  const [journal, received] = [root.in('journal'), root.in('received')];
  writeFileSync(received, '');
  await using receiver = await Receiver.listen(0, ({ id, event }) =>
    appendFileSync(received, `${id} "job_id":"${event.tags?.job_id}"\n`),
  );
  if (!isSentryThere) await receiver.behave({ kind: 'refuse' });
  await root.write('etc/secrets.env', `SENTRY_DSN=${receiver.dsn}\n`, 0o600);
  const supervisor = await superviseInto(journal, root);
  const endWatch = await watch(root.path, journal, received);
  for (const job of jobs) await root.dropJob(job);
  for (const id of failures) await poll(`the outcome of ${id}`, () => root.outcome(id), { timeoutMs: 60_000 });
  await supervisor.stop();
  return await endWatch();
}

for (const [name, isSentryThere] of Object.entries({ 'takes events': true, 'cannot be reached': false })) {
  void test(`whoever watches ledger, outcomes and journal never sees a failure before its event is safe, where Sentry ${name}`, async (context) => {
    const { violations, seen, looks } = await watchFailures(isSentryThere);
    context.diagnostic(`looked ${looks} times`);
    assert.deepEqual(violations, []);
    for (const [place, ids] of Object.entries(seen)) {
      const expected = place === 'attempt' ? failures.filter((id) => !failures.includes(`${id}+verify`)) : failures;
      assert.deepEqual(ids.toSorted(), expected.toSorted(), `every failure was seen in the ${place}`);
    }
    assert.ok(looks > failures.length, `it looked only ${looks} times`);
  });
}
