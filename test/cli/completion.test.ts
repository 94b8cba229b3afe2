import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { bashCompletion } from '../../scripts/completion/bash.ts';
import { fishCompletion } from '../../scripts/completion/fish.ts';
import { every, treeOf } from '../../scripts/completion/tree.ts';
import { zshCompletion } from '../../scripts/completion/zsh.ts';
import { program } from '../../src/cli/main.ts';
import { program as booty, plainEnvironment, runBooty } from '../harness/program.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';

const tree = treeOf(program);
const isThere = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).error === undefined;
const needs = (shell: string) => ({ skip: isThere(shell) ? false : `SYSTEM: there is no ${shell} on this machine` });

interface Desk {
  readonly environment: Readonly<Record<string, string>>;
  readonly at: (name: string) => string;
}

/** A place with `booty` on its PATH, a supervisor that has run the job `nightly-1`, and the three scripts. */
async function desk(supervisor: SupervisorProcess): Promise<Desk> {
  const { root } = supervisor;
  assert.equal((await runBooty(['run', '--root', root.path, '--id', 'nightly-1', '--', 'true'])).status, 0);
  const at = (name: string): string => join(root.path, 'desk', name);
  const put = (name: string, text: string): void => {
    mkdirSync(dirname(at(name)), { recursive: true });
    writeFileSync(at(name), text);
  };
  put('booty.bash', bashCompletion(tree));
  put('zsh/_booty', zshCompletion(tree));
  put('booty.fish', fishCompletion(tree));
  put('here/job.yaml', 'run: "true"\n');
  mkdirSync(at('bin'));
  symlinkSync(booty, at('bin/booty'));
  const environment = {
    ...plainEnvironment,
    PATH: `${at('bin')}:${process.env.PATH}`,
    BOOTY_ROOT: root.path,
    HOME: at('home'),
  };
  mkdirSync(at('home'));
  return { environment, at };
}

const sorted = (text: string): string[] => [...new Set(text.split(/\s+/).filter(Boolean))].sort();

/** What a person sees who types the line and then Tab; the same in all shells. */
const typed: readonly (readonly [line: string, offered: readonly string[]])[] = [
  ['booty rel', ['release', 'reload']],
  ['booty outbox ', ['drop', 'list', 'retry', 'show']],
  ['booty list --st', ['--state', '--state-dir']],
  ['booty list --state cr', ['crashed']],
  ['booty --root /x template s', ['show']],
  ['booty show ni', ['nightly-1']],
  ['booty schema ', ['config', 'job', 'template']],
  ['booty submit jo', ['job.yaml']],
  ['booty run -- systemd-analy', ['systemd-analyze']],
];

void test('bash completes commands, options, their values, files and the ids of jobs', async () => {
  await using supervisor = await SupervisorProcess.start();
  const { environment, at } = await desk(supervisor);
  const complete = (line: string): string[] => {
    const script = `. "$1"; COMP_WORDS=($2); [[ $2 == *' ' ]] && COMP_WORDS+=(''); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _booty; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr, status } = spawnSync('bash', ['-c', script, 'bash', at('booty.bash'), line], {
      env: environment,
      cwd: at('here'),
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    return sorted(stdout);
  };
  for (const [line, offered] of typed) assert.deepEqual(complete(line), offered, line);
  assert.ok(complete('booty run -- tru').includes('true'));
  // Every command and option that there is.
  for (const command of every(tree)) {
    const words = `booty ${command.path}`.trim();
    const options = complete(`${words} -`);
    for (const { names } of command.options)
      for (const name of names) assert.ok(options.includes(name), `${words} ${name}`);
    const below = command.commands.map(({ path }) => path.split(' ').at(-1) ?? '').sort();
    if (below.length > 0) assert.deepEqual(complete(`${words} `), below);
  }
});

void test('fish completes the same', needs('fish'), async () => {
  await using supervisor = await SupervisorProcess.start();
  const { environment, at } = await desk(supervisor);
  for (const [line, offered] of typed) {
    const { stdout, stderr } = spawnSync(
      'fish',
      ['--no-config', '-c', `source ${at('booty.fish')}; complete -C '${line}'`],
      {
        env: environment,
        cwd: at('here'),
        encoding: 'utf8',
      },
    );
    assert.deepEqual(sorted(stdout.replaceAll(/\t.*/g, '')), offered, `${line} ${stderr}`);
  }
});

/** Types the line into an interactive zsh, asks for a list of what could follow, and prints what it would offer. */
const zshScript = `
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PROMPT=; unset zle_bracketed_paste; fpath=($1 \\$fpath); autoload -Uz compinit; compinit -D"
zpty -w z "compadd() { builtin compadd -O offered \\"\\$@\\"; (( \\$#offered )) && print -rl -- \\$offered >>$2; builtin compadd \\"\\$@\\" }"
zpty -w z "cd $3; print ready >>$2.ready"
for ((i = 0; i < 200; i++)); do [[ -e $2.ready ]] && break; sleep 0.05; done
zpty -w -n z "$4"$'\\t'
# What is typed next is read when the completion is done.
zpty -w z $'\\cu'"print done >>$2.done"
for ((i = 0; i < 400; i++)); do [[ -e $2.done ]] && break; sleep 0.05; done
zpty -d z
`;

void test('zsh completes the same', needs('zsh'), async () => {
  await using supervisor = await SupervisorProcess.start();
  const { environment, at } = await desk(supervisor);
  for (const [index, [line, offered]] of typed.entries()) {
    const found = at(`found-${index}`);
    const { stderr, stdout } = spawnSync('zsh', ['-f', '-c', zshScript, 'zsh', at('zsh'), found, at('here'), line], {
      env: { ...environment, TERM: 'dumb' },
      encoding: 'utf8',
      timeout: 30_000,
    });
    assert.deepEqual(sorted(readFileSync(found, 'utf8')), offered, `${line} ${stderr}${stdout}`);
  }
});
