import assert from 'node:assert/strict';
import { mkdtempDisposableSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Usage } from '../../src/job/usage.ts';
import { RunningAttempt } from './attempts.ts';
import { run, sh } from './children.ts';

const limits = { timeout: 60_000 };
const megabyte = 1024 ** 2;

/** Perl tells itself how much it has used, and ends at 300 ms. */
const burn = ['perl', '-e', 'my ($u, $s); do { ($u, $s) = times; } until $u + $s >= 0.3'] as const;
const touch = (size: number): string => `perl -e 'my $x = ""; vec($x, ${size} * 1048576 - 1, 8) = 1; print length $x'`;

function known(usage: Usage | null): Usage {
  assert.ok(usage);
  return usage;
}
const cpuOf = ({ cpuUserMs, cpuSystemMs }: Usage): number => cpuUserMs + cpuSystemMs;

void test('the processor time of a child is told, and that of whom it waited for', limits, async () => {
  const alone = cpuOf(known((await run([...burn])).usage));
  assert.ok(alone >= 290 && alone < 450, `${alone} ms`);
  const [, , program] = burn;
  const below = cpuOf(known((await sh(`perl -e '${program}'; perl -e '${program}'; true`)).usage));
  assert.ok(below >= 580 && below < 850, `${below} ms`);
  const idle = cpuOf(known((await sh('sleep 0.3')).usage));
  assert.ok(idle < 100, `${idle} ms`);
});

void test('the most memory that a child had is told, where it is more than we have', limits, async () => {
  const own = Math.ceil(process.resourceUsage().maxRSS / 1024);
  const large = own + 64;
  for (const line of [`exec ${touch(large)}`, `${touch(large)}; true`]) {
    const { peakMemoryBytes } = known((await sh(line)).usage);
    const megabytes = Number(peakMemoryBytes) / megabyte;
    assert.ok(megabytes >= large && megabytes < large + 30, `${megabytes} of ${large}: ${line}`);
  }
});

void test('less memory than we have cannot be told, and ours is not passed off for a child’s', limits, async () => {
  for (const line of ['true', touch(4)]) assert.equal(known((await sh(line)).usage).peakMemoryBytes, null, line);
  assert.equal(known((await run(['/bin/true'])).usage).peakMemoryBytes, null);
});

/** A directory on a disk: what is in memory is written to no device (statfs(2), TMPFS_MAGIC). */
const disk = [tmpdir(), '/var/tmp', import.meta.dirname].find((path) => statfsSync(path).type !== 0x01021994);

void test('what a child writes to a disk is told', { ...limits, skip: !disk && 'no disk to write to' }, async () => {
  using directory = mkdtempDisposableSync(join(disk ?? '', 'booty-usage-'));
  const write = 'dd if=/dev/zero of=made bs=1M count=8 conv=fsync 2>/dev/null';
  const { writtenBytes, readBytes } = known((await sh(write, { cwd: directory.path })).usage);
  assert.ok(writtenBytes >= 8 * megabyte && writtenBytes < 9 * megabyte, String(writtenBytes));
  assert.ok(readBytes < megabyte, String(readBytes));
  assert.equal(known((await sh('true', { cwd: directory.path })).usage).writtenBytes, 0);
});

void test(
  'an attempt has used what its steps have used; one that could not be started, nothing that is known',
  limits,
  async () => {
    const burnLine = `perl -e '${burn[2]}'`;
    using both = new RunningAttempt(JSON.stringify({ steps: [{ run: burnLine }, { run: burnLine }] }));
    const { usage, steps } = await both.result;
    const total = cpuOf(known(usage));
    assert.ok(total >= 580 && total < 850, `${total} ms`);
    assert.equal(
      total,
      steps.reduce((sum, step) => sum + cpuOf(known(step.usage)), 0),
    );
    using failed = new RunningAttempt('command: [/no/such]');
    const result = await failed.result;
    assert.deepEqual([result.usage, result.steps[0].usage], [null, null]);
  },
);

void test('a child that was killed has used what it has used', limits, async () => {
  using run = new RunningAttempt(JSON.stringify({ command: ['perl', '-e', '1 while 1'], timeout: '500ms' }));
  const { usage, steps } = await run.result;
  assert.equal(steps[0].exit.kind, 'timeout');
  const total = cpuOf(known(usage));
  assert.ok(total >= 100 && total < 700, `${total} ms`);
});
