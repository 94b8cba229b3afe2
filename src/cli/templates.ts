import type { PathChoices } from '../config/paths.ts';
import { BootyError } from '../job/error.ts';
import { plainLine } from '../job/plain-line.ts';
import type { Parameter, Template } from '../job/template.ts';
import { localShelf } from './local-templates.ts';
import { findPlace } from './place.ts';
import { paint, print, printJson, table } from './terminal.ts';

export interface TemplateOptions extends PathChoices {
  readonly json?: boolean | undefined;
}

/** The templates that there are; of a broken one, the first thing that is wrong. @throws BootyError TEMPLATE_UNKNOWN */
export function templateList(options: TemplateOptions): void {
  const shelf = localShelf(findPlace(options));
  const rows = shelf.names().flatMap((name) => {
    const read = shelf.read(name);
    if (read === null) return [];
    const required = read.ok ? [...read.value.parameters].flatMap(([key, { required: is }]) => (is ? [key] : [])) : [];
    const description = read.ok ? (read.value.description ?? '') : `broken: ${read.refusal.message}`;
    return [{ name, broken: !read.ok, required, description }];
  });
  if (options.json) printJson(rows);
  else if (rows.length === 0) print('no templates');
  else
    print(
      table(
        ['NAME', 'NEEDS', 'DESCRIPTION'],
        rows.map(({ name, required, description }) => [name, required.join(', ') || '-', plainLine(description)]),
      ),
    );
}

/** What a template takes. @throws BootyError TEMPLATE_UNKNOWN */
export function templateShow(name: string, options: TemplateOptions): void {
  const place = findPlace(options);
  const found = localShelf(place).find(name);
  if (!found.ok)
    throw new BootyError('TEMPLATE_UNKNOWN', found.refusal.message, {
      hint: `${found.refusal.hint}; they are in ${place.paths.templates}`,
    });
  const { description, parameters, allow } = found.value;
  if (options.json) printJson({ name, description, allow, parameters: Object.fromEntries(parameters) });
  else print(describe(found.value));
}

function describe({ name, description, parameters, allow }: Template): string {
  const rows = Array.from(parameters, ([key, parameter]) => [
    key,
    parameter.default === null ? (parameter.required ? 'needed' : 'may be missing') : JSON.stringify(parameter.default),
    plainLine(describeValues(parameter)),
    plainLine(parameter.description ?? ''),
  ]);
  return [
    `${name}${description === null ? '' : `: ${plainLine(description)}`}`,
    rows.length === 0 ? 'no parameters' : table(['PARAMETER', 'DEFAULT', 'TAKES', ''], rows),
    `${paint('dim', 'beside them')} ${['id', 'needs', 'notBefore', 'expires', ...allow].join(', ')}`,
  ].join('\n');
}

function describeValues(parameter: Parameter): string {
  switch (parameter.type) {
    case 'boolean':
      return 'true, false';
    case 'integer':
      return `${parameter.min} to ${parameter.max}`;
    case 'path':
      return `a path below ${parameter.below}`;
    case 'string':
      if (parameter.choices) return parameter.choices.join(', ');
      return `${parameter.pattern === null ? 'text' : `what matches ${parameter.pattern}`}, ${parameter.minLength} to ${parameter.maxLength} characters`;
  }
}
