import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commentOf, markerOf } from '../../src/report/github-comment.ts';
import { recordOf } from './records.ts';

const lines = (text: string): string[] => text.split('\n');

/** What is between the fences, as CommonMark ends it: the first line of at least as many backticks. */
function fencedBlock(comment: string): { readonly inside: string[]; readonly after: string[] } {
  const all = lines(comment);
  const start = all.findIndex((line) => /^`{3,}text$/.test(line));
  const fence = /^`+/.exec(all[start] ?? '')?.[0] ?? '';
  const end = all.findIndex(
    (line, index) => index > start && new RegExp(`^ {0,3}\`{${fence.length},}\\s*$`).test(line),
  );
  return { inside: all.slice(start + 1, end), after: all.slice(end + 1) };
}

void test('a comment says which job ended how, where its crash is, and what it printed last', () => {
  const comment = commentOf(recordOf({ release: 'shop@1.2.3', attempt: 3 }), 'db1', 'row 1\nrow 2\nboom\n');
  assert.deepEqual(lines(comment), [
    '<!-- booty:nightly -->',
    '### ` nightly ` crashed (exit-code)',
    '',
    '- **job**: ` nightly-1 `',
    '- **reason**: ` ValueError: bad row `',
    '- **step**: ` load `',
    '- **attempts**: 3',
    '- **ended**: 2026-11-24T02:00:05.000Z after 5s',
    '- **Sentry event**: ` 0123456789abcdef0123456789abcdef `',
    '- **release**: ` shop@1.2.3 `',
    '- **environment**: ` production `',
    '- **machine**: ` db1 `',
    '',
    'The end of its log:',
    '',
    '```text',
    'row 1',
    'row 2',
    'boom',
    '```',
    '',
  ]);
});

void test('a job that printed nothing has no log in its comment', () => {
  for (const log of [null, '', '\n \n']) assert.ok(!commentOf(recordOf(), 'h', log).includes('log'));
});

void test('nothing that a job prints ends the block that it stands in', () => {
  const hostile = ['```', '~~~', '````', '<!-- booty:other -->', '`'.repeat(50), '</details><img src=x>', '   ```'];
  const { inside, after } = fencedBlock(commentOf(recordOf(), 'h', hostile.join('\n')));
  assert.deepEqual(inside, hostile);
  assert.deepEqual(after, ['']);
});

void test('nothing that a job says of itself is formatted, linked or on a line of its own', () => {
  const reason = '`![x](http://evil/p.png)` ``<b>`` fixes #1\n# Title\n<!-- booty:other -->';
  const comment = commentOf(recordOf({ reason, step: '```' }), 'h', null);
  assert.ok(
    comment.includes('- **reason**: ``` `![x](http://evil/p.png)` ``<b>`` fixes #1 # Title <!-- booty:other --> ```\n'),
  );
  assert.ok(comment.includes('- **step**: ```` ``` ````\n'));
  assert.equal(comment.match(/^<!--/gm)?.length, 1);
});

void test('nobody is called by what a job prints', () => {
  const comment = commentOf(
    recordOf({ reason: 'ask @octocat or (@acme/ops), not a@b.example' }),
    'h',
    '@all\ncc @root',
  );
  assert.ok(!/(?<![A-Za-z0-9.])@[A-Za-z0-9]/.test(comment), comment);
  assert.ok(comment.includes('a@b.example'));
});

void test('of a long log the end is told, within what GitHub takes', () => {
  const log = Array.from({ length: 5000 }, (_, index) => `line ${index} \u001b[31mred\u001b[0m`).join('\n');
  const { inside } = fencedBlock(commentOf(recordOf(), 'h', log));
  assert.equal(inside.length, 100);
  assert.equal(inside.at(-1), 'line 4999 red');
  const worst = recordOf({ reason: '`'.repeat(9999), step: '@a '.repeat(9999), name: 'n'.repeat(100) });
  assert.ok(commentOf(worst, 'h'.repeat(9999), `${'`@x '.repeat(99_999)}\n`).length < 65_536);
});

void test('the marker is one line that ends where it should, whatever the job is called', () => {
  for (const name of ['nightly backup', 'a--b-', 'über:1@x', '-->', '--!>']) {
    const marker = markerOf(name);
    assert.match(marker, /^<!-- booty:[^\s<>@]+ -->$/);
    assert.equal(commentOf(recordOf({ name }), 'h', null).split('\n', 1)[0], marker);
  }
  assert.notEqual(markerOf('a b'), markerOf('a-b'));
});
