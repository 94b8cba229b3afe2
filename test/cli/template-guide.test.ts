import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseTemplate } from '../../src/job/parse-template.ts';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';

const guide = readFileSync(new URL('../../docs/TEMPLATES.md', import.meta.url), 'utf8');

/** A block of the guide by its first line. */
function block(title: string): string {
  const found = Array.from(guide.matchAll(/```yaml\n(# .*)\n([^`]*)```/g)).find(([, first]) => first === `# ${title}`);
  assert.ok(found?.[2], title);
  return found[2];
}

void test('the example of docs/TEMPLATES.md does what it says', async () => {
  await using root = await Root.make({
    config: block('/etc/booty/booty.yaml'),
    secrets: 'PGPASSWORD=some-password-or-other\n',
  });
  await root.write('imports/2026/november.csv', 'a,1\nb,2\n');
  const template = block('/etc/booty/templates.d/import.yaml').replaceAll('/srv/imports', root.in('imports'));
  await root.write('etc/templates.d/import.yaml', template);
  await using supervisor = await SupervisorProcess.start(root);
  await supervisor.drop('guide.yaml', `id: guide\n${block('a dropped file')}`);
  const { outcome, reason } = await supervisor.outcome('guide');
  assert.equal(outcome, 'succeeded', reason ?? '');
  assert.equal(
    (await root.booty('logs', 'guide')).stdout,
    "a,1\nb,2\nimport into prices, replace=false: $(reboot); it's only text\n",
  );
  await supervisor.drop('wrong.yaml', 'uses: import\nwith: { table: prices, file: /etc/passwd }\n');
  await supervisor.line({ kind: 'job.refused', file: 'wrong.yaml', code: 'INVALID_VALUE' });
});

void test('every key of a parameter that the guide names is one', () => {
  const keys = [
    'minLength: 2',
    'maxLength: 20',
    'allowDash: true',
    'multiline: true',
    'pattern: "[a-z]+"',
    'default: ab',
  ];
  for (const key of keys) {
    assert.ok(guide.includes(`\`${key.split(':', 1)[0]}\``), key);
    const text = `parameters: { x: { type: string, ${key} } }\njob: { run: "true" }\n`;
    assert.ok(parseTemplate('one', Buffer.from(text)).ok, key);
  }
});
