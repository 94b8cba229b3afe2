import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { subcommands } from '../../scripts/manual/commands.ts';
import { keysText } from '../../scripts/manual/commented-yaml.ts';
import { roffOf } from '../../scripts/manual/markdown.ts';
import { pages } from '../../scripts/manual/pages.ts';
import { pageText } from '../../scripts/manual/roff.ts';
import { jobKeys } from '../../scripts/schema/job-keys.ts';
import { program } from '../../src/cli/main.ts';

const edition = { version: '0.1.0', epoch: 1_764_547_200 };
const mandoc = spawnSync('mandoc', ['-T', 'lint'], { input: '' }).error === undefined;
const skip = mandoc ? false : 'SYSTEM: there is no mandoc on this machine';

const shown = (roff: string): string =>
  spawnSync('mandoc', ['-T', 'utf8', '-O', 'width=200'], { input: roff, encoding: 'utf8' }).stdout.replaceAll(
    /.\u0008/g,
    '',
  );

void test('every page of the manual is set without a warning', { skip }, () => {
  for (const page of pages()) {
    const linted = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning'], {
      input: pageText(page, edition),
      encoding: 'utf8',
    });
    assert.deepEqual([linted.status, linted.stdout], [0, ''], page.name);
  }
});

void test('booty(1) has every command with its options, and what was not said of them is an error here', {
  skip,
}, () => {
  const page = pages().find(({ name }) => name === 'booty');
  assert.ok(page);
  const text = shown(pageText(page, edition));
  const commands = [...subcommands(program)];
  assert.ok(commands.length > 25);
  for (const command of commands) {
    const words = [command.parent === program ? '' : `${command.parent?.name()} `, command.name()].join('');
    assert.match(text, new RegExp(`^   ${words}$`, 'm'));
    for (const { flags, description } of [...command.options, ...program.options]) {
      assert.ok(text.includes(flags), `${words} ${flags}`);
      assert.notEqual(description, '', `${words} ${flags} is not described`);
    }
  }
  for (const title of ['EXIT STATUS', 'WHERE IT WORKS', 'THE JOURNAL'])
    assert.match(text, new RegExp(`^${title}$`, 'm'));
});

void test('booty.yaml(5) has every line of etc/booty.yaml, and booty-job(5) every key', { skip }, () => {
  const yaml = readFileSync(join(import.meta.dirname, '../../etc/booty.yaml'), 'utf8');
  const config = shown(roffOf(keysText(yaml)));
  for (const line of yaml.split('\n')) {
    // Prose is set anew; keys stand as they are.
    const key = /^# ( *[A-Za-z]+: .*)/.exec(line)?.[1];
    if (key?.startsWith(' ')) assert.ok(config.includes(key.trim()), key);
  }
  const job = pages().find(({ name }) => name === 'booty-job');
  const text = shown(pageText(job ?? assert.fail(), edition));
  for (const key of Object.keys(jobKeys).filter((each) => /^\w+$/.test(each)))
    assert.match(text, new RegExp(`^ {5,}${key}\\b`, 'm'), key);
});

void test('text that is a request of roff, or an escape, is shown as it was written', { skip }, () => {
  const markdown = ".TH is no title\n\n'quoted' \\\\ and `--flag`, `a\\b ^ ~ '`\n\n```\n.nf\n\\fB -- 'x'\n```\n";
  const text = shown(pageText({ name: 'x', section: 1, summary: 'y', body: `.SH A\n${roffOf(markdown)}` }, edition));
  for (const part of ['.TH is no title', "'quoted' \\ and --flag, a\\b ^ ~ '", '.nf', "\\fB -- 'x'"])
    assert.ok(text.includes(part), `${part} in:\n${text}`);
});

void test('a table is a list of its first column, with what stands between below what it says', { skip }, () => {
  const text = shown(
    pageText(
      {
        name: 'x',
        section: 1,
        summary: 'y',
        body: roffOf('| Key | Default | Meaning |\n|---|---|---|\n| `k` | 1 | it |\n| `l` | – | that |\n'),
      },
      edition,
    ),
  );
  assert.match(text, /^ +k +it\n\n +Default: 1\n\n +l +that\n/m);
});
