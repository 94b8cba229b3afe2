import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { OutcomeRecord } from '../../src/job/outcome.ts';
import { bundle, makeFileSystem } from '../power/disks.ts';
import { powerImage } from '../power/image.ts';
import { spawnQemu } from '../power/qemu.ts';
import { cache, lockMachine } from '../system/debian.ts';
import { missingForVirtualMachine } from '../system/prerequisites.ts';
import { testWhere } from '../system/system-test.ts';

/*
 * A virtual machine, since only there is the kernel ours to be out of memory: cgroup v2 with all its controllers, and an
 * ordinary user for the supervisor.
 */
const release = resolve(import.meta.dirname, '../../build');
const timeoutMs = 30 * 60_000;
const machineTimeoutMs = 8 * 60_000;
const first =
  'init=/bin/sh -- -c "mount -t devtmpfs dev /dev; mount -t proc proc /proc; mount -t ext4 -o ro /dev/nvme0n2 /program; exec /bin/sh /program/init.sh"';

interface Said {
  readonly outcomes: ReadonlyMap<string, OutcomeRecord | null>;
  readonly journal: readonly string[];
  readonly left: readonly string[] | null;
  /** Whether the supervisor of the beginning was there in the end. */
  readonly same: boolean;
  /** Whether it came to its end. */
  readonly done: boolean;
}

async function makeDisks(directory: string): Promise<{ readonly program: string; readonly data: readonly string[] }> {
  const tree = join(directory, 'program');
  mkdirSync(tree);
  for (const part of ['bin', 'lib', 'package.json'])
    cpSync(join(release, part), join(tree, 'build', part), { recursive: true, dereference: true });
  cpSync(process.execPath, join(tree, 'node'));
  writeFileSync(join(tree, 'booty.yaml'), 'concurrency: { pipeline: 4 }\ndefaults: { killGrace: 1s }\n');
  cpSync(fileURLToPath(new URL('guest/init.sh', import.meta.url)), join(tree, 'init.sh'));
  await bundle(fileURLToPath(new URL('guest/keeper.ts', import.meta.url)), join(tree, 'keeper.mjs'));
  const [program, data] = [join(directory, 'program.img'), join(directory, 'data.img')];
  await makeFileSystem(program, { megabytes: 400, tree, journal: false });
  await makeFileSystem(data, { megabytes: 256 });
  return { program, data: [data] };
}

async function runMachine(directory: string): Promise<Said> {
  const console = join(directory, 'console');
  const image = await powerImage();
  const qemu = spawnQemu({ image, ...(await makeDisks(directory)), wish: {}, console, first });
  let text = '';
  qemu.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  qemu.stderr.setEncoding('utf8').on('data', (chunk: string) => process.stderr.write(chunk));
  const timer = setTimeout(() => qemu.kill('SIGKILL'), machineTimeoutMs);
  await new Promise((ended) => qemu.once('exit', ended));
  clearTimeout(timer);
  const said = readSaid(text);
  return said.done
    ? said
    : assert.fail(`the machine ended early: ${readFileSync(console, 'latin1').slice(-4000)}\n${text.slice(-2000)}`);
}

function readSaid(text: string): Said {
  const lines = text
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const last = (key: string): unknown => lines.findLast((line) => key in line)?.[key];
  return {
    outcomes: new Map(lines.filter(({ id }) => id).map(({ id, outcome }) => [id as string, outcome as OutcomeRecord])),
    journal: lines.flatMap(({ journal }) => (journal as string[] | undefined) ?? []),
    left: (last('left') as string[] | undefined) ?? null,
    same: last('same') === true,
    done: last('done') === true,
  };
}

testWhere(
  missingForVirtualMachine(),
  'jobs are held to their limits, and told what they ran into',
  timeoutMs,
  async (context) => {
    await using _lock = await lockMachine(timeoutMs);
    const directory = mkdtempSync(join(cache, 'limits-'));
    context.after(() => rmSync(directory, { recursive: true, force: true }));
    const said = await runMachine(directory);
    for (const line of said.journal) context.diagnostic(line);
    const { outcomes } = said;
    const toldOf = (id: string) => {
      const outcome = outcomes.get(id);
      return [id, outcome?.outcome, outcome?.cause, outcome?.reason];
    };
    const machineOom = 'was killed by SIGKILL (the machine, or the service, was out of memory)';
    assert.ok(said.journal.some((line) => line.endsWith('cgroups.used limits=cpu,memory,pids,io')));
    for (const id of ['own-memory', 'half-a-job'])
      assert.deepEqual(toldOf(id), [id, 'crashed', 'oom', 'was killed by SIGKILL (out of memory at 48M)']);
    assert.deepEqual(toldOf('killed'), ['killed', 'crashed', 'signal', 'was killed by SIGKILL']);
    const [, bombOutcome, bombCause, bombReason] = toldOf('bomb');
    assert.deepEqual([bombOutcome, bombCause], ['crashed', 'limit']);
    assert.match(bombReason ?? '', /^exited with \d+ \(at its limit of 24 tasks\)/);
    assert.deepEqual(toldOf('fits-in').slice(0, 3), ['fits-in', 'succeeded', null]);
    const usageOf = (id: string) => outcomes.get(id)?.attempts[0]?.usage;
    const fits = usageOf('fits-in')?.treeMemoryBytes ?? 0;
    assert.ok(fits > 30_000_000 && fits <= 96 * 1024 ** 2, `${fits} bytes`);
    assert.ok((usageOf('own-memory')?.treeMemoryBytes ?? Infinity) <= 48 * 1024 ** 2);
    const slow = outcomes.get('slow');
    const busyMs = (usageOf('slow')?.cpuUserMs ?? Infinity) + (usageOf('slow')?.cpuSystemMs ?? 0);
    assert.ok(
      slow?.durationMs && busyMs < 0.3 * slow.durationMs && busyMs > 200,
      `${busyMs} of ${slow?.durationMs} ms`,
    );
    const writer = outcomes.get('writer');
    assert.equal(writer?.outcome, 'succeeded', JSON.stringify(toldOf('writer')));
    assert.ok((writer.durationMs ?? 0) > 2500, `8 MiB at 2 MiB a second took ${writer.durationMs} ms`);
    assert.ok((usageOf('writer')?.writtenBytes ?? 0) >= 8 * 1024 ** 2);
    assert.deepEqual(toldOf('all-memory'), ['all-memory', 'crashed', 'oom', machineOom]);
    assert.equal(outcomes.get('after')?.outcome, 'succeeded');
    assert.ok(said.same, 'the supervisor outlived the machine’s want of memory');
    assert.deepEqual(said.left, []);
  },
);
