import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import type { Node } from '../../scripts/schema/convert.ts';
import { generate } from '../../scripts/schema/generate.ts';
import { readConfig } from '../../src/config/config.ts';
import { parseJobFile } from '../../src/job/parse.ts';
import { Kitchen } from './kitchen.ts';
import { Page } from './page.ts';

const page = new Page('docs/JOBS.md');

interface Key {
  readonly key: string;
  readonly value: string;
  readonly byDefault: string;
  readonly limits: string;
}

/** The tables of keys: each begins with this head. */
const tables = Array.from(
  page.text.matchAll(/^\| Key \| Value \| Default \| Limits \| Meaning \|\n(?:\|.*\n)+/gm),
  ([table]) => table,
).join('\n');

/** The rows of the tables of keys: `steps[].timeout` is `steps.timeout` here. */
const keys: readonly Key[] = Array.from(
  tables.matchAll(/^\| `([^`]+)` \|((?:[^|\\]|\\.)*)\|((?:[^|\\]|\\.)*)\|((?:[^|\\]|\\.)*)\|((?:[^|\\]|\\.)*)\|$/gm),
  ([, key = '', value = '', byDefault = '', limits = '']) => ({
    key: key.replaceAll('[]', ''),
    value: value.trim(),
    byDefault: byDefault.trim(),
    limits: limits.trim(),
  }),
);

/** Every key of a schema, by its path. */
function pathsOf(node: Node, prefix = ''): string[] {
  return Object.entries(node).flatMap(([name, value]) => {
    if (typeof value !== 'object' || value === null) return [];
    if (name !== 'properties') return pathsOf(value as Node, prefix);
    return Object.entries(value as Record<string, Node>).flatMap(([key, child]) => {
      const path = prefix === '' ? key : `${prefix}.${key}`;
      return [path, ...pathsOf(child, path)];
    });
  });
}

void test('docs/JOBS.md has every key of a job file once, and no other', () => {
  const listed = keys.map(({ key }) => key);
  assert.equal(new Set(listed).size, listed.length, 'each stands once');
  const known = new Set(pathsOf(generate('job')));
  assert.deepEqual(
    listed.filter((key) => !known.has(key)),
    [],
    'keys that there are not',
  );
  // A step and a verifier have keys of the job, which stand there.
  const told = (path: string): boolean =>
    listed.includes(path) || listed.includes(path.replace(/^(?:steps|verify)\./, ''));
  assert.deepEqual(
    [...known].filter((path) => !told(path)),
    [],
    'keys that are missing',
  );
});

const { defaults } = readConfig(null).config;
const parseText = (text: string) =>
  parseJobFile(
    { fileName: 'job.yaml', content: Buffer.from(text), executable: false },
    { ...defaults, reports: { ...defaults.reports, policy: { ...defaults.reports.policy, commands: 'allow' } } },
  );

/** A small job with this key at this value. */
function jobWith(path: string, value: string): string {
  const [first = '', second] = path.split('.');
  const beside: Readonly<Record<string, string>> = {
    retries: second === 'limit' ? '' : 'limit: 2, ',
    concurrency: 'group: g, ',
    crash: '',
    limits: '',
    monitor: 'slug: s, ',
    verify: 'run: v, ',
    report: 'command: [a], ',
  };
  const text = value.replaceAll('\\', '');
  if (second === undefined) return `run: a\n${first}: ${text}\n`;
  if (first === 'steps') return `steps: [{ run: a, ${second}: ${text} }]\n`;
  return `run: a\n${first}: { ${beside[first] ?? ''}${second}: ${text} }\n`;
}

/** What stands beside the key in that job, without it. */
const jobWithout = (path: string): string =>
  jobWith(path, 'X').replace(new RegExp(`,? ?${path.split('.').at(-1)}: X`), '');

void test('the defaults in docs/JOBS.md are what a job gets that says nothing', () => {
  let compared = 0;
  for (const { key, byDefault } of keys) {
    const [, value] = /^`([^`]+)`/.exec(byDefault) ?? [];
    // Where a verifier says its limit, its one step has it too.
    if (value === undefined || /^(?:limits|monitor|report)\.|^verify\.timeout$/.test(key)) continue;
    const said = parseText(jobWith(key, value));
    const left = parseText(jobWithout(key).replace(/\{ +\}/, '{}'));
    assert.ok(said.ok && left.ok, `${key}: ${JSON.stringify([said, left])}`);
    assert.deepEqual([key, said.value.spec], [key, left.value.spec]);
    compared += 1;
  }
  assert.ok(compared >= 15, `${compared} were compared`);
});

void test('the bounds in docs/JOBS.md are those that hold', () => {
  let compared = 0;
  for (const { key, limits } of keys) {
    const [, least, most] = /^(-?\d+)…(\d+)$/.exec(limits) ?? [];
    if (least === undefined || most === undefined) continue;
    const takes = (value: number): boolean => parseText(jobWith(key, String(value))).ok;
    assert.deepEqual(
      [key, takes(Number(least)), takes(Number(most)), takes(Number(least) - 1), takes(Number(most) + 1)],
      [key, true, true, false, false],
    );
    compared += 1;
  }
  assert.ok(compared >= 5, `${compared} were compared`);
});

void test('the examples of docs/JOBS.md end as it says', { timeout: 120_000 }, async () => {
  const config =
    'policy: { webhooks: ["https://hooks.example.com/services/"], github: ["acme/*"], reportCommands: allow, reportSecrets: [HOOK_SECRET, GITHUB_TOKEN] }\n';
  await using kitchen = await Kitchen.open(page, {
    config,
    secrets: 'PGPASSWORD=correct-horse\nHOOK_SECRET=whsec_c2VjcmV0LW9mLXRoZS1ob29r\nGITHUB_TOKEN=none-at-all-here\n',
  });
  await kitchen.root.write('etc/modules/add.mjs', page.file('add.mjs'));
  const jobs = page.blocks
    .filter(({ language }) => language === 'yaml')
    .map(({ code, note }, index) => ({
      id: (parse(code) as { id?: string }).id ?? `example-${index}`,
      code,
      ends: /^ends: (\w+)$/.exec(note ?? '')?.[1] ?? 'succeeded',
    }));
  assert.ok(jobs.length >= 12, `${jobs.length} examples`);
  for (const { id, code } of jobs)
    await kitchen.supervisor.drop(`${id}.yaml`, /^id:/m.test(code) ? code : `id: ${id}\n${code}`);
  for (const { id, ends } of jobs) {
    const { outcome, reason } = await kitchen.outcome(id);
    assert.equal(outcome, ends, `${id}: ${reason}`);
  }
});
