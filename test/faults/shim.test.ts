import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { poll } from '../harness/waiting.ts';
import { skip } from './shim.ts';
import { Stage } from './stage.ts';

/* What the shim promises, tried on small programs of Node.js: a fault that does not come would let every test pass. */

void test('each call by which Node.js changes a file is a point', { skip }, async () => {
  using stage = new Stage();
  const { trace } = await stage.run(`
    import * as fs from 'node:fs';
    import { open, rename, unlink, writeFile } from 'node:fs/promises';
    fs.mkdirSync('made');
    fs.writeFileSync('made/a', 'four');
    await writeFile('made/b', 'seven!!');
    const file = await open('made/b', 'r+');
    await file.sync();
    await file.datasync();
    await file.chmod(0o600);
    await file.truncate(2);
    await file.writev([Buffer.from('1'), Buffer.from('23')]);
    await file.close();
    const directory = fs.openSync('made', 'r');
    fs.fsyncSync(directory);
    await rename('made/b', 'made/c');
    fs.linkSync('made/c', 'made/d');
    fs.symlinkSync('c', 'made/e');
    await unlink('made/d');
    fs.rmSync('made/e');
    fs.mkdirSync('made/deep/er', { recursive: true });
    fs.rmdirSync('made/deep/er');
    fs.rmSync('made', { recursive: true });
    fs.readFileSync('/etc/passwd');
    fs.writeFileSync('/dev/null', 'elsewhere');
  `);
  const wanted = `mkdir 0 made|open 0 made/a|write 4 made/a|open 0 made/b|write 7 made/b|fsync 0 made/b|fdatasync 0 made/b|chmod 0 made/b|truncate 0 made/b|write 3 made/b|fsync 0 made|rename 0 made/b made/c|link 0 made/c made/d|symlink 0 made/e|unlink 0 made/d|unlink 0 made/e`;
  assert.deepEqual(trace.slice(0, 16), wanted.split('|'));
  // How a tree is removed is the library's affair; that it is seen is not.
  for (const line of [
    'mkdir 0 made/deep/er',
    'rmdir 0 made/deep/er',
    'unlink 0 made/a',
    'unlink 0 made/c',
    'rmdir 0 made/deep',
    'rmdir 0 made',
  ])
    assert.ok(trace.includes(line), `${line}\nin ${trace.join('\n')}`);
  assert.deepEqual(
    trace.filter((line) => !line.includes('made')),
    [],
  );
});

void test('each call by which SQLite changes a file is a point', { skip }, async () => {
  using stage = new Stage();
  const { trace } = await stage.run(`
    import { DatabaseSync } from 'node:sqlite';
    const database = new DatabaseSync(process.cwd() + '/x.db');
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (a)');
    database.close();
  `);
  for (const line of [
    'open 0 x.db',
    'write 4096 x.db-wal',
    'write 1 x.db-shm',
    'fsync 0 x.db-wal',
    'fsync 0 x.db',
    'unlink 0 x.db-wal',
  ])
    assert.ok(trace.includes(line), `${line}\nin ${trace.join('\n')}`);
});

void test('a child process is a point, and has nothing of the shim', { skip }, async () => {
  using stage = new Stage();
  const { trace, stdout } = await stage.run(`
    import { spawnSync } from 'node:child_process';
    process.stdout.write(spawnSync('/bin/sh', ['-c', 'echo x > made; env'], { env: { A: '1' } }).stdout);
  `);
  assert.deepEqual(trace, ['fork 0']);
  assert.equal(stage.read('made'), 'x\n');
  assert.doesNotMatch(stdout, /LD_PRELOAD|BOOTY/);
});

void test('a write dies before, in the middle of or after its bytes', { skip }, async () => {
  for (const [moment, left] of [
    ['before', ''],
    ['middle', 'four'],
    ['after', 'fourfive'],
  ] as const) {
    using stage = new Stage();
    stage.control.kill(moment, { operations: ['write'], pattern: 'a' });
    const { signal } = await stage.run(
      `import * as fs from 'node:fs'; fs.writeFileSync('a', 'fourfive'); fs.mkdirSync('never')`,
    );
    assert.equal(signal, 'SIGKILL');
    assert.equal(stage.read('a'), left, moment);
    assert.equal(stage.read('never'), null);
    assert.equal(stage.control.diedAt, 2);
  }
});

void test('only the call of a number dies', { skip }, async () => {
  using stage = new Stage();
  const rule = stage.control.kill('after', { operations: ['mkdir'], pattern: 'd*', only: 2 });
  const { signal } = await stage.run(
    `import * as fs from 'node:fs'; for (const name of ['x', 'd1', 'd2', 'd3']) fs.mkdirSync(name)`,
  );
  assert.equal(signal, 'SIGKILL');
  assert.deepEqual(
    ['x', 'd1', 'd2', 'd3'].map((name) => existsSync(join(stage.directory, name))),
    [true, true, true, false],
  );
  assert.deepEqual([rule.matched(), rule.struck()], [2, 1]);
});

const tryAll = (...calls: readonly string[]): string =>
  `import * as fs from 'node:fs'; import { spawn } from 'node:child_process'; import { DatabaseSync } from 'node:sqlite';
   for (const call of ${JSON.stringify(calls)}) {
     try { eval(call); console.log('done'); } catch (error) { console.log(error.code === 'ERR_SQLITE_ERROR' ? error.message : error.code); }
   }`;

void test('calls fail with the error that was chosen, below the directory that was chosen', { skip }, async () => {
  using stage = new Stage();
  mkdirSync(join(stage.directory, 'in/deep'), { recursive: true });
  writeFileSync(join(stage.directory, 'in/old'), 'old');
  stage.control.fail('ENOSPC', { operations: ['open', 'write', 'mkdir', 'rename'], pattern: 'in/**' });
  const ran = await stage.run(
    tryAll(
      `fs.writeFileSync('out', 'x')`,
      `fs.writeFileSync('in/deep/new', 'x')`,
      `fs.appendFileSync('in/old', 'x')`,
      `fs.mkdirSync('in/more')`,
      `fs.renameSync('out', 'in/out')`,
      // The name is taken: that is told first.
      `fs.mkdirSync('in/deep')`,
      `fs.unlinkSync('in/old')`,
      `new DatabaseSync(process.cwd() + '/in/x.db').exec('CREATE TABLE t (a)')`,
    ),
  );
  const told = 'done ENOSPC ENOSPC ENOSPC ENOSPC EEXIST done'.split(' ');
  assert.deepEqual(ran.stdout.trim().split('\n').slice(0, 7), told);
  assert.match(ran.stdout, /unable to open database file/);
});

void test('a full disk has room for what is there already; a read-only one has none', { skip }, async () => {
  using stage = new Stage();
  writeFileSync(join(stage.directory, 'old'), 'old');
  const full = stage.control.fail('EDQUOT', { operations: ['open'] });
  const open = tryAll(`fs.closeSync(fs.openSync('old', 'r+'))`, `fs.closeSync(fs.openSync('old', 'a'))`);
  assert.equal((await stage.run(open)).stdout, 'done\ndone\n');
  full.off();
  stage.control.fail('EROFS', { operations: ['open'] });
  assert.equal((await stage.run(open)).stdout, 'EROFS\nEROFS\n');
});

void test('a process that cannot be made fails as the kernel lets it fail', { skip }, async () => {
  using stage = new Stage();
  const rule = stage.control.fail('EAGAIN', { operations: ['fork'] });
  const { stdout } = await stage.run(
    `import { spawn } from 'node:child_process'; spawn('/bin/true').on('error', (error) => console.log(error.code))`,
  );
  assert.equal(stdout, 'EAGAIN\n');
  assert.equal(rule.struck(), 1);
});

void test('a child of a step is a point, and cannot be made where none can be', { skip }, async () => {
  using stage = new Stage();
  const program = `
    import { startChild } from ${JSON.stringify(new URL('../../src/run/child.ts', import.meta.url).href)};
    const started = await startChild({ argv: ['/bin/sh', '-c', 'env'], cwd: '/', env: { A: '1' } }, (_, text) => console.log(String(text)));
    if (started.kind === 'spawn') console.log(started.code);
    else await started.drained;`;
  const { trace, stdout } = await stage.run(program);
  assert.deepEqual(
    trace.filter((line) => line.startsWith('fork')),
    ['fork 0'],
  );
  assert.match(stdout, /^A=1$/m);
  assert.doesNotMatch(stdout, /LD_PRELOAD|BOOTY/);
  for (const errno of ['EAGAIN', 'ENOMEM'] as const) {
    const rule = stage.control.fail(errno, { operations: ['fork'] });
    assert.equal((await stage.run(program)).stdout, `${errno}\n`);
    assert.equal(rule.struck(), 1);
    rule.off();
  }
});

void test('a share of the calls fails, and a rule can be turned off while the program runs', { skip }, async () => {
  using stage = new Stage();
  const rule = stage.control.fail('EIO', { operations: ['write'], pattern: 'a', share: 250 });
  await stage.run(
    `import * as fs from 'node:fs'; const file = fs.openSync('a', 'w'); for (let n = 0; n < 1000; n++) { try { fs.writeSync(file, 'x') } catch (error) { if (error.code !== 'EIO') throw error } }`,
  );
  assert.ok(rule.struck() > 200 && rule.struck() < 300, String(rule.struck()));
  assert.equal(stage.read('a')?.length, 1000 - rule.struck());
  const off = stage.control.fail('EIO', { operations: ['mkdir'] });
  const running = stage.run(
    `import * as fs from 'node:fs'; for (;;) { try { fs.mkdirSync('made'); break } catch { fs.existsSync('x') } }`,
  );
  await poll('the first failure', () => off.struck() > 0 || null);
  off.off();
  await running;
  assert.ok(existsSync(join(stage.directory, 'made')));
});

void test('the clock of the program is set, and nothing that waits notices', { skip }, async () => {
  using stage = new Stage();
  stage.control.shiftClock(-86_400_000);
  const { stdout } = await stage.run(
    `import { performance } from 'node:perf_hooks'; const before = performance.now(); setTimeout(() => console.log(JSON.stringify([Date.now(), performance.now() - before])), 50)`,
  );
  const [now = 0, waited = 0] = JSON.parse(stdout) as number[];
  assert.ok(Math.abs(Date.now() - 86_400_000 - now) < 10_000, String(now));
  assert.ok(waited > 45 && waited < 5000, String(waited));
  stage.control.shiftClock(-Date.now() - 86_400_000 * 365);
  const early = await stage.run(`console.log(Date.now())`);
  assert.equal(early.stdout, '0\n', 'no clock runs before 1970');
});
