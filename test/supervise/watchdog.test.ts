import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LedgerRefusal } from '../../src/ledger/refusal.ts';
import { Watchdog, watchdogIntervalMs } from '../../src/supervise/watchdog.ts';
import { StatusListener } from '../faults/status-listener.ts';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';

const cases: readonly [string, NodeJS.ProcessEnv, number | null][] = [
  ['a third of the time', { WATCHDOG_USEC: '180000000', WATCHDOG_PID: '7' }, 60_000],
  ['also where no process is named', { WATCHDOG_USEC: '3000' }, 1],
  ['never more often than timers go', { WATCHDOG_USEC: '10' }, 1],
  ['not for another process', { WATCHDOG_USEC: '180000000', WATCHDOG_PID: '8' }, null],
  ['not where it is off', { WATCHDOG_USEC: '0' }, null],
  ['not without systemd', {}, null],
];
for (const [name, env, expected] of cases)
  void test(`systemd hears that Booty is alive: ${name}`, () => assert.equal(watchdogIntervalMs(env, 7), expected));

void test('who does not answer is not taken for alive, and is asked once', (context) => {
  context.mock.timers.enable({ apis: ['setInterval'] });
  const told: string[] = [];
  const asked: (() => void)[] = [];
  let ledger: 'reads' | 'refuses' | 'is broken' = 'reads';
  const pauses = () => {
    if (ledger === 'refuses') throw new LedgerRefusal('disk I/O error');
    if (ledger === 'is broken') throw new TypeError('a defect');
    return [];
  };
  const parts = { watchdogMs: 1000, ledger: { pauses }, notify: (state: string) => told.push(state) };
  using _watchdog = new Watchdog(parts, (onAlive) => asked.push(onAlive));
  context.mock.timers.tick(999);
  assert.equal(asked.length, 0);
  context.mock.timers.tick(10_000);
  assert.deepEqual([asked.length, told.length], [1, 0]);
  asked[0]?.();
  assert.deepEqual(told, ['WATCHDOG=1']);
  context.mock.timers.tick(1000);
  assert.deepEqual([asked.length, told.length], [2, 1]);
  ledger = 'refuses';
  asked[1]?.();
  assert.equal(told.length, 2, 'a disk that refuses is no hang');
  context.mock.timers.tick(1000);
  ledger = 'is broken';
  assert.throws(() => asked[2]?.(), TypeError);
  assert.equal(told.length, 2);
});

void test('a supervisor tells that it starts, is ready, how many run and wait, that it is alive, and that it stops', async () => {
  await using root = await Root.make({ config: 'concurrency: { pipeline: 1 }\n' });
  const path = root.in('notify');
  await using told = await StatusListener.listen(path);
  const env = { NOTIFY_SOCKET: path, WATCHDOG_USEC: '60000' };
  await using supervisor = await SupervisorProcess.start(root, { env });
  await told.until(/^EXTEND_TIMEOUT_USEC=\d+ STATUS=Opening the ledger$/);
  await told.until(/^READY=1$/);
  await told.until(/^WATCHDOG=1$/);
  for (const id of ['a', 'b'])
    await supervisor.drop(`${id}.yaml`, `id: ${id}\nrun: until [ -e ${root.in('go')} ]; do sleep 0.05; done\n`);
  await told.until(/^STATUS=1 running, 1 waiting$/);
  await root.write('go', '');
  await told.until(/^STATUS=0 running, 0 waiting$/);
  await supervisor.stop();
  await told.until(/^STOPPING=1$/);
});
