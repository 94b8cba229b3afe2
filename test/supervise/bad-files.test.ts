import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { poll } from '../harness/waiting.ts';

interface Bad {
  readonly content: string | Uint8Array;
  readonly code: string;
  readonly line?: number;
  readonly key?: string;
  /** In the message or the hint. */
  readonly says?: RegExp;
}

const aliasBomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'.replace(/./g, (name) => {
  const before = String.fromCharCode(name.charCodeAt(0) - 1);
  return `${name}: &${name} [${Array(9).fill(`*${before}`).join(',')}]\n`;
})}run: *i\n`;

const bad: Readonly<Record<string, Bad>> = {
  'malformed.yaml': { content: 'run: "unclosed\nname: x\n', code: 'SYNTAX' },
  'malformed.json': { content: '{"run": "true",,}\n', code: 'SYNTAX', line: 1 },
  'unknown-key.yaml': {
    content: 'run: "true"\ntimeuot: 5s\n',
    code: 'UNKNOWN_KEY',
    line: 2,
    key: 'timeuot',
    says: /timeout/,
  },
  'nested-key.yaml': {
    content: 'steps:\n  - { rnu: "true" }\n',
    code: 'UNKNOWN_KEY',
    line: 2,
    key: 'steps[0].rnu',
    says: /"run"/,
  },
  'proto.json': { content: '{"run": "true", "__proto__": {"kind": "verifier"}}', code: 'UNKNOWN_KEY' },
  'wrong-type.yaml': { content: 'steps: maybe\n', code: 'INVALID_VALUE', line: 1, key: 'steps', says: /list/ },
  'bad-duration.yaml': {
    content: 'run: "true"\n\ntimeout: 5 parsecs\n',
    code: 'INVALID_VALUE',
    line: 3,
    key: 'timeout',
    says: /90s/,
  },
  'isolation.yaml': {
    content: 'run: "true"\nisolation: unit\n',
    code: 'ISOLATION_UNAVAILABLE',
    key: 'isolation',
    says: /no job can run as a unit of its own here: .*isolation\.conf/,
  },
  'two-documents.yaml': { content: 'run: "true"\n---\nrun: "false"\n', code: 'SEVERAL_DOCUMENTS' },
  'not-utf8.yaml': { content: Buffer.from('run: "true"\nname: "\xff\xfe"\n', 'latin1'), code: 'NOT_UTF8', line: 2 },
  'utf16.yaml': { content: Buffer.from('\uFEFFrun: "true"\n', 'utf16le'), code: 'NOT_UTF8' },
  'alias-bomb.yaml': { content: aliasBomb, code: 'ALIASES' },
  'large.yaml': { content: `run: "true"\n${'# padding\n'.repeat(110_000)}`, code: 'TOO_LARGE' },
  'empty.yaml': { content: '', code: 'EMPTY' },
  'blank.yaml': { content: ' \n\t\n', code: 'EMPTY' },
  'nothing-to-do.yaml': { content: 'name: idle\n', code: 'INVALID_VALUE', says: /run, command/ },
  'escape.yaml': { content: 'id: ../../escape\nrun: "true"\n', code: 'INVALID_VALUE', line: 1, key: 'id' },
  'slash.yaml': { content: 'id: a/b\nrun: "true"\n', code: 'INVALID_VALUE', key: 'id' },
  'newline.yaml': { content: 'id: "a\\nb"\nrun: "true"\n', code: 'INVALID_VALUE', key: 'id' },
  'dash.yaml': { content: 'id: -rf\nrun: "true"\n', code: 'INVALID_VALUE', key: 'id' },
  'long-id.yaml': { content: `id: ${'a'.repeat(300)}\nrun: "true"\n`, code: 'INVALID_VALUE', key: 'id' },
  'taken.yaml': { content: 'id: first\nrun: "false"\n', code: 'DUPLICATE_ID', key: 'id' },
};

void test('bad files are refused as they are, each with the reason, and the good ones go on', async (t) => {
  await using supervisor = await SupervisorProcess.start({ config: 'spool: { scanInterval: 200ms }\n' });
  const { root } = supervisor;
  const incoming = (name: string): string => root.in('spool/incoming', name);
  await supervisor.drop('first.yaml', 'id: first\nrun: echo first\n');
  const first = await supervisor.outcome('first');
  for (const [name, { content }] of Object.entries(bad)) await supervisor.drop(name, content);
  execFileSync('mkfifo', [incoming('fifo.yaml')]);
  symlinkSync('/etc/passwd', incoming('link.yaml'));
  symlinkSync('/nonexistent/target', incoming('dangling.yaml'));
  mkdirSync(incoming('directory.yaml'));
  const socket = createServer().listen(incoming('socket.yaml'));
  await supervisor.drop('good.yaml', 'id: good\nrun: echo good\n');
  assert.equal((await supervisor.outcome('good')).outcome, 'succeeded');

  for (const [name, { content, code, line, key, says }] of Object.entries(bad)) {
    await t.test(name, async () => {
      const reason = await supervisor.line({ kind: 'job.refused', file: name });
      assert.equal(reason.priority, 'warning');
      assert.equal(supervisor.linesOf({ kind: 'job.refused', file: name }).length, 1, 'one warning');
      const told = JSON.parse(readFileSync(root.in('spool/rejected', `${name}.reason.json`), 'utf8')) as Bad & {
        readonly message: string;
        readonly hint: string;
      };
      assert.equal(told.code, code, told.message);
      if (line !== undefined) assert.equal(told.line, line);
      if (key !== undefined) assert.equal(told.key, key);
      if (says) assert.match(`${told.message} ${told.hint}`, says);
      assert.deepEqual(readFileSync(root.in('spool/rejected', name)), Buffer.from(content as string), 'byte for byte');
      assert.equal(existsSync(incoming(name)), false);
    });
  }

  await t.test('links, FIFOs and sockets are put aside unopened, a directory is left with one warning', async () => {
    for (const name of ['fifo.yaml', 'link.yaml', 'dangling.yaml', 'socket.yaml'])
      await supervisor.line({ kind: 'job.refused', file: name, code: 'FILE_TYPE' });
    assert.equal(lstatSync(root.in('spool/rejected/link.yaml')).isSymbolicLink(), true);
    await supervisor.line({ kind: 'spool.left', file: 'directory.yaml' });
    assert.equal(supervisor.linesOf({ kind: 'spool.left' }).length, 1);
  });

  await t.test('nothing was written elsewhere, and the first job of the id is as it was', async () => {
    assert.deepEqual(readdirSync(root.path).sort(), ['etc', 'lib', 'run', 'spool']);
    assert.deepEqual(readdirSync(root.in('spool')).sort(), ['incoming', 'outcomes', 'rejected']);
    await poll('nothing claimed', () => readdirSync(incoming('.claimed')).length === 0 || null);
    assert.deepEqual(readdirSync(root.in('spool/outcomes')).sort(), ['first.json', 'good.json']);
    assert.deepEqual(root.outcome('first'), first);
    assert.deepEqual(supervisor.linesOf({ kind: 'trouble.began' }), []);
  });

  socket.close();
  assert.deepEqual(await supervisor.stop(), { status: 0, signal: null });
});
