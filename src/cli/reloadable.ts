import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import type { Paths } from '../config/paths.ts';
import type { TemplateShelf } from '../config/templates.ts';
import { groupId } from '../control/accounts.ts';
import { errorCode } from '../disk/durable.ts';
import { BootyError } from '../job/error.ts';
import type { Place } from './place.ts';
import { brokenTemplates } from './template-health.ts';

/** What a reload may change. @throws BootyError CONFIG_INVALID with what stands in its way; nothing of it is to be applied then */
export function reloadable({ paths, config }: Place, current: Paths, shelf: TemplateShelf): Config {
  const moved = Object.keys(paths).filter((key) => paths[key as keyof Paths] !== current[key as keyof Paths]);
  if (moved.length > 0)
    throw refusal(
      `${paths.config}: paths have changed (${moved.join(', ')})`,
      'a restart applies them: systemctl restart booty',
    );
  const { group } = config.control;
  if (group !== null && groupId(group) === null)
    throw refusal(`${paths.config}: control.group: there is no group ${group}`, `groupadd ${group}, or name another`);
  demandSoundTemplates(shelf, current.templates);
  return config;
}

function demandSoundTemplates(shelf: TemplateShelf, directory: string): void {
  try {
    const [first, ...others] = brokenTemplates(shelf);
    const problem = first?.refusals[0];
    if (!first || !problem) return;
    const where = `${join(directory, `${first.name}.yaml`)}${problem.line === undefined ? '' : `:${problem.line}`}`;
    const more = others.length === 0 ? '' : ` (and ${others.length} more templates are broken)`;
    throw refusal(`${where}: ${problem.message}${more}`, `${problem.hint}; booty check tells all`);
  } catch (error) {
    const code = errorCode(error);
    if (code === null || error instanceof BootyError) throw error;
    throw refusal(`${directory} cannot be read (${code})`, 'chmod go+rx, or mend paths.templates');
  }
}

const refusal = (message: string, hint: string): BootyError => new BootyError('CONFIG_INVALID', message, { hint });
