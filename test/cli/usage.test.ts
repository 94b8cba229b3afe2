import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runBooty } from '../harness/program.ts';

const commands = [
  'supervise',
  'drain',
  'reload',
  'submit',
  'run',
  'list',
  'show',
  'logs',
  'status',
  'schedule',
  'outbox',
  'check',
  'template',
  'release',
  'sentry-test',
];

for (const command of commands) {
  void test(`booty ${command} --help explains it on standard output`, async () => {
    const { status, stdout, stderr } = await runBooty([command, '--help']);
    assert.equal(status, 0);
    assert.match(stdout, new RegExp(`^Usage: booty ${command}`));
    assert.equal(stderr, '');
    for (const line of stdout.split('\n')) assert.ok(line.length <= 100, line);
  });
}

void test('booty --help lists every command and the exit statuses', async () => {
  const { status, stdout } = await runBooty(['--help']);
  assert.equal(status, 0);
  for (const command of commands) assert.match(stdout, new RegExp(`^ {2}${command}\\b`, 'm'));
  assert.match(stdout, /69 no supervisor/);
});

const mistakes: readonly (readonly [readonly string[], RegExp])[] = [
  [[], /Usage/],
  [['suprvise'], /Did you mean supervise\?/],
  [['list', '--jsn'], /Did you mean --json\?/],
  [['list', '--state', 'crash'], /crashed/],
  [['list', '--limit', '0'], /from 1 to/],
  [['list', '--limit', '1e3'], /from 1 to/],
  [['show'], /missing required argument 'id'/],
  [['logs'], /missing required argument 'id'/],
  [['logs', 'x', '--attempt', '-1'], /from 1 to/],
  [['submit'], /no job is named/],
  [['run', 'echo', 'hello'], /booty run -- COMMAND/],
  [['run', '/nonexistent/job.yaml'], /cannot be read \(ENOENT\)/],
  [['run', '/etc'], /cannot be read \(EISDIR\)/],
  [['release', '--environment'], /argument missing/],
];

for (const [args, says] of mistakes) {
  void test(`booty ${args.join(' ')} is a mistake of usage, and says so`, async () => {
    const { status, stdout, stderr } = await runBooty(args);
    assert.equal(status, 2);
    assert.match(stderr, says);
    assert.equal(stdout, '');
    assert.doesNotMatch(stderr, /this is a defect|\n {4}at /);
  });
}
