import assert from 'node:assert/strict';
import { existsSync, mkdtempDisposableSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CommandTarget } from '../../src/job/report.ts';
import { milliseconds } from '../../src/job/units.ts';
import { Commands } from '../../src/report/command.ts';
import { startTimeOf } from '../../src/run/processes.ts';
import { poll } from '../harness/waiting.ts';
import { recordOf } from '../report/records.ts';

interface Scene extends Disposable {
  readonly commands: Commands;
  readonly path: string;
  in(name: string): string;
  read(name: string): string;
}

function open(): Scene {
  const directory = mkdtempDisposableSync(join(tmpdir(), 'booty-commands-'));
  const { path } = directory;
  return {
    path,
    commands: new Commands({
      machine: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' },
      outcomes: join(path, 'outcomes'),
      directory: join(path, 'reports'),
    }),
    in: (name) => join(path, name),
    read: (name) => readFileSync(join(path, name), 'utf8'),
    [Symbol.dispose]: () => directory.remove(),
  };
}

const target = (argv: readonly [string, ...string[]], timeoutMs = 10_000): CommandTarget => ({
  kind: 'command',
  argv,
  timeoutMs: milliseconds(timeoutMs),
});
const shell = (line: string, timeoutMs?: number): CommandTarget => target(['sh', '-c', line], timeoutMs);
const attempt = { id: 'msg_abc', number: 1, signal: new AbortController().signal };
const alive = (pid: string): boolean => startTimeOf(Number(pid)) !== null;

void test('a program gets the outcome as its input, and is told where and what it is', async () => {
  using scene = open();
  const line = `cat >${scene.in('input')}; env | sort >${scene.in('env')}; pwd; echo fine`;
  assert.deepEqual(await scene.commands.deliver(recordOf(), shell(line), attempt), { kind: 'made', note: '/ fine' });
  assert.deepEqual(JSON.parse(scene.read('input')), recordOf());
  const variables = scene
    .read('env')
    .split('\n')
    .filter((row) => !/^(?:PWD|OLDPWD|SHLVL|_)=/.test(row) && row !== '');
  assert.deepEqual(variables, [
    `BOOTY_ATTEMPT_MARK=${scene.in('reports/msg_abc')}`,
    'BOOTY_JOB_ID=nightly-1',
    'BOOTY_JOB_KIND=pipeline',
    'BOOTY_JOB_NAME=nightly',
    'BOOTY_OUTCOME=crashed',
    `BOOTY_OUTCOME_FILE=${scene.in('outcomes/nightly-1.json')}`,
    'BOOTY_REPORT_ID=msg_abc',
    'BOOTY_REPORT_TRY=1',
    'LANG=C.UTF-8',
    'PATH=/usr/bin:/bin',
  ]);
  assert.ok(!existsSync(scene.in('reports/msg_abc.json')));
});

void test('a program that fails is tried again, with what it said last', async () => {
  using scene = open();
  const { commands } = scene;
  const failed = await commands.deliver(recordOf(), shell('echo first; echo no such user >&2; exit 3'), attempt);
  assert.ok(failed.kind === 'delayed' && failed.of === 'report');
  assert.match(failed.why, /^it exited with 3: .*no such user/);
  const killed = await commands.deliver(recordOf(), shell('kill -9 $$'), attempt);
  assert.ok(killed.kind === 'delayed' && /SIGKILL/.test(killed.why));
  const absent = await commands.deliver(recordOf(), target(['/no/such/program']), attempt);
  assert.ok(
    absent.kind === 'delayed' && absent.of === 'route' && /no such program/.test(absent.why),
    JSON.stringify(absent),
  );
});

void test('of a program that prints without end a line is kept', async () => {
  using scene = open();
  const result = await scene.commands.deliver(recordOf(), shell('yes | head -c 5000000; echo the end'), attempt);
  assert.ok(result.kind === 'made' && (result.note ?? '').length <= 1000 && result.note?.endsWith('y y the end'));
});

void test('a program that takes too long is ended with everything that it started', async () => {
  using scene = open();
  const line = `setsid sleep 600 & echo $! >${scene.in('pid')}; trap '' TERM; sleep 600`;
  const started = performance.now();
  const result = await scene.commands.deliver(recordOf(), shell(line, 300), attempt);
  assert.ok(result.kind === 'delayed' && /time limit/.test(result.why), JSON.stringify(result));
  assert.ok(performance.now() - started < 15_000);
  assert.ok(!alive(scene.read('pid')));
});

void test('what a program leaves in the background is ended too', async () => {
  using scene = open();
  const line = `setsid sleep 600 >/dev/null 2>&1 & echo $! >${scene.in('pid')}`;
  assert.equal((await scene.commands.deliver(recordOf(), shell(line), attempt)).kind, 'made');
  await poll('the end of what it left', () => !alive(scene.read('pid')) || null, { timeoutMs: 5000 });
});

void test('a stop ends it at once', async () => {
  using scene = open();
  const stop = new AbortController();
  const delivering = scene.commands.deliver(recordOf(), shell(`echo $$ >${scene.in('pid')}; sleep 600`, 60_000), {
    ...attempt,
    signal: stop.signal,
  });
  await poll('its start', () => (existsSync(scene.in('pid')) && scene.read('pid') !== '') || null);
  stop.abort();
  assert.equal((await delivering).kind, 'delayed');
  assert.ok(!alive(scene.read('pid')));
});

void test('one that an earlier supervisor left running is ended before it is run again', async () => {
  using scene = open();
  const line = `if [ -e ${scene.in('pid')} ]; then kill -0 $(cat ${scene.in('pid')}) && echo overlapping; else echo $$ >${scene.in('pid')}; sleep 600; fi; true`;
  const first = scene.commands.deliver(recordOf(), shell(line, 60_000), attempt);
  await poll('its start', () => (existsSync(scene.in('pid')) && scene.read('pid') !== '') || null);
  const again = await scene.commands.deliver(recordOf(), shell(line), { ...attempt, number: 2 });
  assert.ok(again.kind === 'made' && !/overlapping/.test(again.note ?? ''), JSON.stringify(again));
  assert.equal((await first).kind, 'delayed');
});

void test('a disk that refuses its input is no loss', async () => {
  using scene = open();
  writeFileSync(scene.in('reports'), 'a file in place of the directory');
  const result = await scene.commands.deliver(recordOf(), shell('true'), attempt);
  assert.ok(result.kind === 'delayed' && /its input cannot be written: E/.test(result.why), JSON.stringify(result));
});
