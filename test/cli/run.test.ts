import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import type { OutcomeRecord } from '../../src/job/outcome.ts';
import { ended, plainEnvironment, program, runBooty } from '../harness/program.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';

void test('booty run answers with the job’s output and the status of its outcome', async (t) => {
  await using supervisor = await SupervisorProcess.start();
  const { root } = supervisor;
  const run = (...args: readonly string[]) => root.booty('run', ...args);

  await t.test('succeeded: 0, with the words of the command as they are', async () => {
    const { status, stdout, stderr } = await runBooty([
      'run',
      '--root',
      root.path,
      '--',
      'echo',
      '--help',
      'a b',
      '$HOME',
      '',
    ]);
    assert.equal(stdout, '--help a b $HOME \n');
    assert.equal(status, 0);
    assert.match(stderr, /succeeded/);
  });
  await t.test('crashed: 4, with exit code and step', async () => {
    const { status, stderr } = await runBooty(['run', '--root', root.path, '--', 'sh', '-c', 'exit 3']);
    assert.equal(status, 4);
    assert.match(stderr, /exit 3/);
  });
  await t.test('not to be started: 4', async () => {
    assert.equal((await runBooty(['run', '--root', root.path, '--', '/nonexistent'])).status, 4);
  });
  await t.test('rejected, from standard input: 3', async () => {
    const input = 'kind: verifier\nrun: echo too small; exit 1\n';
    const { status, stderr } = await runBooty(['run', '--root', root.path, '-'], { input });
    assert.equal(status, 3);
    assert.match(stderr, /rejected.*too small/);
  });
  await t.test('a file that is wrong is refused with its line before anything is dropped: 1', async () => {
    await root.write('bad.yaml', 'run: "true"\ntimeuot: 5s\nprioity: 3\n');
    const { status, stderr } = await run(root.in('bad.yaml'));
    assert.equal(status, 1);
    assert.match(stderr, /bad\.yaml:2.*timeuot[^]*timeout[^]*bad\.yaml:3.*prioity[^]*priority/);
  });
  await t.test('a taken id: 1, and the first job is as it was', async () => {
    assert.equal((await runBooty(['run', '--root', root.path, '--id', 'taken', '--', 'true'])).status, 0);
    const before = root.outcome('taken');
    const { status, stderr } = await runBooty(['run', '--root', root.path, '--id', 'taken', '--', 'false']);
    assert.equal(status, 1);
    assert.match(stderr, /exists already/);
    assert.deepEqual(root.outcome('taken'), before);
  });
  await t.test('an executable script runs, and --json prints its outcome last', async () => {
    await root.write('script.sh', '#!/bin/sh\necho "from the script"\n');
    chmodSync(root.in('script.sh'), 0o755);
    const { status, stdout } = await run('--json', root.in('script.sh'));
    assert.equal(status, 0);
    const [first, ...rest] = stdout.split('\n');
    assert.equal(first, 'from the script');
    assert.equal((JSON.parse(rest.join('\n')) as OutcomeRecord).outcome, 'succeeded');
  });
  await t.test('Ctrl-C: 130, and the job goes on', async () => {
    const args = ['run', '--root', root.path, '--id', 'goes-on', '--', 'sh', '-c', 'echo begun; sleep 1'];
    const child = spawn(program, args, { env: plainEnvironment, stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.once('data', () => child.kill('SIGINT'));
    assert.deepEqual(await ended(child), [130, null]);
    assert.equal(root.outcome('goes-on'), null);
    assert.equal((await supervisor.outcome('goes-on')).outcome, 'succeeded');
  });
  await t.test('a consumer that collects the outcome file at once does not make it wait for ever', async () => {
    const path = root.in('spool/outcomes/collected.json');
    const args = ['run', '--root', root.path, '--id', 'collected', '--', 'sleep', '0.1'];
    const collector = spawn('sh', ['-c', `while [ ! -e ${path} ]; do :; done; rm ${path}`]);
    const collected = ended(collector);
    const { status } = await runBooty(args, { timeoutMs: 8000 });
    await collected;
    assert.equal(status, 0);
    const followed = await runBooty(['logs', '--root', root.path, '-f', 'collected'], { timeoutMs: 5000 });
    assert.equal(followed.status, 0);
  });
  await t.test('no supervisor: 69, and nothing is dropped', async () => {
    await supervisor.stop();
    const { status, stderr } = await run('-');
    assert.equal(status, 1, 'an empty standard input is not a job');
    assert.match(stderr, /empty/);
    const refused = await runBooty(['run', '--root', root.path, '--id', 'nobody', '--', 'true']);
    assert.equal(refused.status, 69);
    assert.match(refused.stderr, /no supervisor runs at .*\n {2}start one/);
    assert.deepEqual(readdirSync(root.in('spool/incoming')), ['.claimed']);
  });
});
