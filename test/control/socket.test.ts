import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempDisposableSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { ControlAccess } from '../../src/config/config.ts';
import { ask } from '../../src/control/client.ts';
import { ControlSocket } from '../../src/control/socket.ts';
import { ended, endWithUs } from '../harness/program.ts';
import { asUser, nobody, rootOnly } from '../supervise/another-user.ts';
import { ControlScene } from './controlled.ts';

const ours: ControlAccess = { group: null, mode: 0o660 };
const hello = () => createHttpServer((_request, response) => response.end('{}'));

/** A directory, and sockets in it that are closed with it. */
class SocketScene implements AsyncDisposable {
  readonly directory = mkdtempDisposableSync(join(tmpdir(), 's-'));
  readonly told: (string | null)[] = [];
  readonly #opened: AsyncDisposable[] = [];

  in(...parts: readonly string[]): string {
    return join(this.directory.path, ...parts);
  }

  async open(path: string, access = ours): Promise<ControlSocket> {
    const socket = new ControlSocket({ kind: 'path', path, access }, hello, (failure) =>
      this.told.push(failure === null ? null : failure instanceof Error ? failure.message : 'what?'),
    );
    this.#opened.push(socket);
    await socket.open();
    return socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#opened) await socket[Symbol.asyncDispose]();
    this.directory.remove();
  }
}

const answers = async (path: string): Promise<boolean> => (await ask(path, 'GET', '/')).status === 200;
const modeOf = (path: string): number => statSync(path).mode & 0o777;

void test('whatever the umask is, the owner and the group may connect, and nobody else', async () => {
  for (const umask of [0o000, 0o022, 0o077]) {
    await using scene = new SocketScene();
    const before = process.umask(umask);
    try {
      await scene.open(scene.in('run/booty.sock'));
    } finally {
      process.umask(before);
    }
    assert.deepEqual(scene.told, [null]);
    assert.equal(modeOf(scene.in('run/booty.sock')), 0o660);
    assert.equal(modeOf(scene.in('run')) & 0o007, 0, 'nor look into its directory');
    assert.ok(await answers(scene.in('run/booty.sock')));
    assert.deepEqual(readdirSync(scene.in('run')), ['booty.sock'], 'nothing else is left there');
  }
});

void test('group and mode are those of booty.yaml, at once and after a reload', rootOnly, async () => {
  await using scene = new SocketScene();
  const path = scene.in('booty.sock');
  const socket = await scene.open(path, { group: 'nogroup', mode: 0o660 });
  assert.equal(statSync(path).gid, nobody);
  socket.setAccess({ group: '0', mode: 0o666 });
  assert.deepEqual([statSync(path).gid, modeOf(path)], [0, 0o666]);
  assert.deepEqual(scene.told, [null]);
});

void test('a user of another group may not connect, one of the group may', rootOnly, async () => {
  await using scene = new SocketScene();
  chmodSync(scene.directory.path, 0o755);
  const connects = (path: string): string => {
    const script = `require('node:net').connect(process.argv[1]).on('connect', function () { console.log('in'); this.destroy() }).on('error', (error) => console.log(error.code))`;
    const [command, ...args] = asUser(nobody);
    return spawnSync(command, [...args, process.execPath, '-e', script, path], { encoding: 'utf8' }).stdout.trim();
  };
  await scene.open(scene.in('closed.sock'));
  await scene.open(scene.in('open.sock'), { group: 'nogroup', mode: 0o660 });
  assert.equal(connects(scene.in('closed.sock')), 'EACCES');
  assert.equal(connects(scene.in('open.sock')), 'in');
});

void test('a group that does not exist leaves no socket that others could use', async () => {
  await using scene = new SocketScene();
  await scene.open(scene.in('booty.sock'), { group: 'no-such-group', mode: 0o660 });
  assert.match(scene.told[0] ?? '', /no group no-such-group/);
  assert.deepEqual(readdirSync(scene.directory.path), []);
});

void test('what a dead supervisor left is replaced', async () => {
  await using scene = new SocketScene();
  const path = scene.in('booty.sock');
  // As kill -9 leaves them: the socket, and the directory in which one was being made.
  const script = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script, path]);
  mkdirSync(scene.in('.booty.sock'));
  writeFileSync(scene.in('.booty.sock/s'), '');
  assert.ok(statSync(path).isSocket());
  await scene.open(path);
  assert.deepEqual(scene.told, [null]);
  assert.ok(await answers(path));
  assert.deepEqual(readdirSync(scene.directory.path), ['booty.sock']);
});

void test('another program’s socket, and what is no socket, are left alone', async () => {
  await using scene = new SocketScene();
  const other = createServer().listen(scene.in('other.sock'));
  await once(other, 'listening');
  await scene.open(scene.in('other.sock'));
  assert.match(scene.told[0] ?? '', /another program takes connections/);
  assert.ok(statSync(scene.in('other.sock')).isSocket());
  other.close();
  writeFileSync(scene.in('file'), 'mine');
  await scene.open(scene.in('file'));
  assert.match(scene.told[1] ?? '', /is in the way/);
  assert.ok(statSync(scene.in('file')).isFile());
});

void test('a path that the kernel cannot take is told, with its length', async () => {
  await using scene = new SocketScene();
  const room = 107 - Buffer.byteLength(scene.in('')) - '//.b/s'.length;
  await scene.open(scene.in('x'.repeat(room), 'b'));
  await scene.open(scene.in('x'.repeat(room + 1), 'b'));
  assert.equal(scene.told[0], null);
  assert.match(scene.told[1] ?? '', /too long: 108 bytes, and 107 at most/);
});

void test('it goes when it is closed, and only if it is ours', async () => {
  await using scene = new SocketScene();
  const first = await scene.open(scene.in('booty.sock'));
  await first[Symbol.asyncDispose]();
  assert.ok(!existsSync(scene.in('booty.sock')));
  const second = await scene.open(scene.in('booty.sock'));
  rmSync(scene.in('booty.sock'));
  writeFileSync(scene.in('booty.sock'), 'somebody else’s');
  await second[Symbol.asyncDispose]();
  assert.ok(existsSync(scene.in('booty.sock')));
});

void test('a directory that cannot be made costs the socket, and is told; it is there as soon as it can be', async () => {
  await using scene = new SocketScene();
  writeFileSync(scene.in('run'), '');
  const socket = await scene.open(scene.in('run/booty.sock'));
  assert.match(scene.told[0] ?? '', /EEXIST|ENOTDIR/);
  rmSync(scene.in('run'));
  await socket.open();
  assert.equal(scene.told[1], null);
  assert.ok(await answers(scene.in('run/booty.sock')));
});

void test('a socket that somebody removed is made again', async () => {
  await using scene = new SocketScene();
  const socket = await scene.open(scene.in('booty.sock'));
  rmSync(scene.in('booty.sock'));
  await socket.open();
  assert.ok(await answers(scene.in('booty.sock')));
});

void test('an answer that is on its way when the supervisor stops still arrives', async () => {
  const scene = await ControlScene.open();
  const stopping = Promise.withResolvers<void>();
  scene.answer = async () => {
    await stopping.promise;
    return { kind: 'done', changes: [], total: 0 };
  };
  const reply = scene.post('pause', { all: true });
  const path = scene.path;
  while (scene.commands.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const stopped = scene[Symbol.asyncDispose]();
  stopping.resolve();
  assert.equal((await reply).status, 200);
  await stopped;
  assert.ok(!existsSync(dirname(path)));
});

void test('an answer that never comes does not keep it from stopping', async () => {
  const scene = await ControlScene.open();
  scene.answer = () => new Promise(() => undefined);
  const reply = scene.post('pause', { all: true });
  while (scene.commands.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const began = performance.now();
  await Promise.all([scene[Symbol.asyncDispose](), assert.rejects(reply)]);
  assert.ok(performance.now() - began < 3000);
});

void test('a socket that was opened for it is used as it is', async () => {
  await using scene = new SocketScene();
  const path = scene.in('inherited.sock');
  const opener = `$s = IO::Socket::UNIX->new(Local => shift, Listen => 5); $^F = 9; open(my $t, '>&=', fileno($s)); fcntl($s, 2, 0); exec @ARGV`;
  const program = join(import.meta.dirname, '../children/inherit-socket.ts');
  const child = spawn('perl', ['-MIO::Socket::UNIX', '-e', opener, path, process.execPath, program, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  endWithUs(child);
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  assert.equal(said.toString(), 'open\n');
  assert.ok(await answers(path));
  rmSync(path);
  child.kill('SIGUSR2');
  const [told] = (await once(child.stdout, 'data')) as [Buffer];
  assert.match(
    told.toString(),
    /inherited\.sock, which the service manager had opened, was removed: systemctl stop booty/,
  );
  writeFileSync(path, '');
  child.kill('SIGTERM');
  assert.deepEqual(await ended(child), [0, null]);
  assert.ok(existsSync(path), 'the file belongs to whoever opened it');
});
