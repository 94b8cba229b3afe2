import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { plainEnvironment, program } from '../test/harness/program.ts';
import type { Received } from '../test/harness/received.ts';
import type { Root } from '../test/harness/root.ts';
import { viewEvent } from './event-view.ts';
import { heading, paragraph, row, say } from './page.ts';

/** `booty list` itself, on our terminal. @returns whether it succeeded */
export function showOutcomes(root: Root): boolean {
  heading('Outcomes: booty list');
  say();
  const { TERM = 'dumb', NO_COLOR } = process.env;
  const env = { ...plainEnvironment, TERM, ...(NO_COLOR === undefined ? {} : { NO_COLOR }) };
  return spawnSync(program, ['list', '--root', root.path], { stdio: 'inherit', env }).status === 0;
}

export function showEvent(title: string, received: Received): void {
  heading(title);
  say();
  say(viewEvent(received));
}

/** What stands beside a refused file. @returns its hint */
export function showRefusal(root: Root, file: string): string {
  const path = root.in('spool/rejected', `${file}.reason.json`);
  const reason = JSON.parse(readFileSync(path, 'utf8')) as Readonly<Record<'message' | 'hint' | 'line', string>>;
  heading(`The refused file: what spool/rejected/${file}.reason.json says`);
  say();
  say(row('reason', `line ${reason.line}: ${reason.message}`));
  say(row('hint', reason.hint));
  return reason.hint;
}

export function pointOut(root: Root, crashed: string): void {
  const booty = relative(process.cwd(), program);
  heading('Where to look next');
  say();
  say(paragraph('The supervisor is stopped; its directory is kept. Try:'));
  say();
  for (const command of [`show ${crashed}`, `logs ${crashed}`, 'list --state crashed'])
    say(`  ${booty} ${command} --root ${root.path}`);
  say(`  cat ${root.in('spool/outcomes', `${crashed}.json`)}`);
  say();
  say('Run jobs of your own there: the first in one terminal, the second in another.');
  say();
  say(`  ${booty} supervise --root ${root.path}`);
  say(`  ${booty} run --root ${root.path} -- echo hello`);
  say();
  say(`Delete it: rm -r ${root.path}`);
}
