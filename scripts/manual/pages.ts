import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { program } from '../../src/cli/main.ts';
import { commandsText, globalOptionsText } from './commands.ts';
import { keysText } from './commented-yaml.ts';
import { roffOf } from './markdown.ts';
import type { Page } from './roff.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const see =
  'booty(1), booty-job(5), booty-template(5), booty.yaml(5), booty-recurring(7), booty.service(8), systemd(1), journalctl(1)';

/** The manual: of the program's own descriptions, of etc/booty.yaml and of docs/. */
export function pages(): Page[] {
  return [
    page('booty', 1, 'run job files that are dropped into a directory', command()),
    page('booty-job', 5, 'a job file of Booty', document('docs/JOBS.md')),
    page('booty-template', 5, 'jobs that root has written down for others to fill in', document('docs/TEMPLATES.md')),
    page('booty.yaml', 5, 'the configuration of Booty', configuration()),
    page('booty-recurring', 7, 'recurring jobs of Booty', document('docs/RECURRING.md')),
    page('booty.service', 8, 'Booty on a machine: installing, upgrading, operating', document('docs/OPERATIONS.md')),
  ];
}

function page(name: string, section: number, summary: string, markdown: string): Page {
  const others = see.split(', ').filter((each) => each !== `${name}(${section})`);
  return {
    name,
    section,
    summary,
    body: roffOf(`${markdown}\n\n## See also\n\n${others.join(', ')}. /usr/share/doc/booty has the rest.\n`),
  };
}

/** What stands above the first section is the description. */
const document = (path: string): string => read(path).replace(/^# .*\n/, '## Description\n');

function command(): string {
  const cli = read('docs/CLI.md');
  return [
    '## Synopsis\n\n`booty [options] COMMAND …`\n',
    `## Description\n\n${program.description()}\n`,
    'Results go to standard output, everything else to standard error. An id may be cut short as long as only one job begins so.\n',
    `## Commands\n\n${commandsText(program)}`,
    `## Options of every command\n\n${globalOptionsText(program)}`,
    ...['Where it works', 'Exit status', 'The journal'].map((title) => sectionOf(cli, title)),
  ].join('\n');
}

const configuration = (): string => `## Description\n\n/etc/booty/booty.yaml. ${keysText(read('etc/booty.yaml'))}`;

/** @throws where the document has no such section any more */
function sectionOf(markdown: string, title: string): string {
  const found = new RegExp(`^## ${title}\\n[\\s\\S]*?(?=^## |$(?![\\s\\S]))`, 'm').exec(markdown);
  if (found === null) throw new Error(`no section “${title}”`);
  return found[0];
}
