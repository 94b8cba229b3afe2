import type { TemplateShelf } from '../config/templates.ts';
import { errorCode } from '../disk/durable.ts';
import type { Refusal } from '../job/refusal.ts';
import type { Emit } from '../journal/event.ts';

export interface BrokenTemplate {
  readonly name: string;
  readonly refusals: readonly Refusal[];
}

/** The templates that nobody can use, with all that is wrong with them. @throws the system's error where their directory cannot be read */
export const brokenTemplates = (shelf: TemplateShelf): BrokenTemplate[] =>
  shelf.names().flatMap((name) => {
    const read = shelf.read(name);
    return read === null || read.ok ? [] : [{ name, refusals: [read.refusal, ...(read.also ?? [])] }];
  });

/** One line in the journal for each. */
export function tellBrokenTemplates(shelf: TemplateShelf, emit: Emit): void {
  try {
    for (const { name, refusals } of brokenTemplates(shelf))
      for (const { message, line, hint } of refusals.slice(0, 1))
        emit({ kind: 'template.broken', template: name, error: message, line: line ?? null, hint });
  } catch (error) {
    const code = errorCode(error);
    if (code === null) throw error;
    emit({
      kind: 'template.broken',
      template: '*',
      error: `their directory cannot be read (${code})`,
      line: null,
      hint: 'chmod go+rx, or mend paths.templates',
    });
  }
}
