import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { randomOf } from '../harness/random.ts';
import { Receiver } from '../harness/receiver.ts';
import { crashesIn, outboxDirectory } from './storm.ts';

const child = fileURLToPath(new URL('../children/capture-crashes.ts', import.meta.url));
const seed = Number(process.env.BOOTY_SEED || 20_261_124);
const kills = Number(process.env.BOOTY_KILLS || 12);
const crashes = 6000;

void test('killed at random moments while it captures, tells and sends, it loses no crash and counts none twice', async (t) => {
  t.diagnostic(`BOOTY_SEED=${seed} BOOTY_KILLS=${kills}`);
  const random = randomOf(seed);
  await using receiver = await Receiver.listen();
  using directory = outboxDirectory();
  const safe = new Set<number>();
  const firstUnsafe = (): number => {
    let number = 0;
    while (safe.has(number)) number += 1;
    return number;
  };
  /** Captures again what is not known to be safe, and some that is: what a ledger has not recorded. */
  const run = (killAfter: number | null): Promise<number | null> => {
    const from = Math.max(0, firstUnsafe() - 1000);
    const program = spawn(process.execPath, [child, directory.path, receiver.dsn, String(from), String(crashes)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let left = killAfter ?? Number.POSITIVE_INFINITY;
    let rest = '';
    program.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) safe.add(Number(line));
      left -= lines.length;
      if (left <= 0) program.kill('SIGKILL');
    });
    return new Promise((resolve) => program.once('close', resolve));
  };
  for (let kill = 0; kill < kills; kill += 1) await run(41 + Math.floor(random() * 400));
  assert.equal(await run(null), 0);
  assert.equal(safe.size, crashes);
  assert.equal(crashesIn(receiver.events), crashes);
  t.diagnostic(`${receiver.events.length} events, ${receiver.requests.length} requests`);
});
