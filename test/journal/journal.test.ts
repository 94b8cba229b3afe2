import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, mkdtempDisposableSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';

const program = join(import.meta.dirname, '../children/say-event.ts');

/** What the program writes to a file, where this is in its JOURNAL_STREAM. */
function written(stream: (status: { readonly dev: number; readonly ino: number }) => string, socket = ''): string {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'booty-journal-'));
  const path = join(directory.path, 'out');
  const file = openSync(path, 'w');
  try {
    const env = { ...process.env, JOURNAL_STREAM: stream(fstatSync(file)), BOOTY_JOURNAL_SOCKET: socket };
    const { status } = spawnSync(process.execPath, [program], { stdio: ['ignore', file, 'inherit'], env });
    assert.equal(status, 0);
    return readFileSync(path, 'utf8');
  } finally {
    closeSync(file);
  }
}

void test('where journald reads lines and takes no records, a line begins with its priority', () => {
  assert.equal(
    written(({ dev, ino }) => `${dev}:${ino}`, '/nowhere/socket'),
    '<4>journal.refused error="ENOENT: connect /nowhere/socket"\n<5>trouble.ended where=spool duration_ms=1\n<5>supervisor.stopped interrupted=1\n',
  );
});

void test('where the output goes elsewhere, a line begins with its time, without colours', () => {
  for (const stream of ['', '1:2'])
    assert.match(
      written(() => stream),
      /^\d{4}-\d\d-\d\dT[\d:.]+Z notice: trouble\.ended where=spool duration_ms=1\n\S+Z notice: supervisor\.stopped interrupted=1\n$/,
    );
});

void test('a reader that goes away costs its lines, and not the supervisor', async () => {
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  const [said, [status]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  assert.deepEqual([said, status], ['done\n', 0]);
});

/** What the reader gets in the end, and how many milliseconds of the processor the writer needed to wait for it. */
async function readLate(): Promise<{ readonly lines: readonly string[]; readonly waitingMs: number }> {
  const late = join(import.meta.dirname, '../children/say-much.ts');
  const child = spawn(process.execPath, [late], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [cost] = (await once(child.stderr, 'data')) as [Buffer];
  return { lines: (await text(child.stdout)).trimEnd().split('\n'), waitingMs: Number(cost) };
}

void test('a reader that is slow gets every line, in order', async () => {
  const { lines } = await readLate();
  assert.deepEqual(
    lines.map((line) => /interrupted=(\d+)$/.exec(line)?.[1]),
    Array.from({ length: 3000 }, (_, index) => String(index)),
  );
});

void test('waiting for a slow reader costs little', async () => {
  const { waitingMs } = await readLate();
  assert.ok(waitingMs < 60, `${waitingMs} of 300 ms`);
});
