import assert from 'node:assert/strict';
import { parseJobFile } from '../../src/job/parse.ts';
import { parseTemplate } from '../../src/job/parse-template.ts';
import { accepted, type Refusal, refused } from '../../src/job/refusal.ts';
import type { Template, Templates } from '../../src/job/template.ts';
import { defaults } from './parsing.ts';

/** The template that the text is. Fails the test where it is refused. */
export function templateOf(text: string, name = 'deploy'): Template {
  const parsed = parseTemplate(name, Buffer.from(text));
  assert.ok(parsed.ok, `refused: ${JSON.stringify(parsed)}`);
  return parsed.value;
}

/** All that is wrong with the text of a template. Fails the test where it is accepted. */
export function templateRefusals(text: string): readonly [Refusal, ...Refusal[]] {
  const parsed = parseTemplate('deploy', Buffer.from(text));
  assert.ok(!parsed.ok, `accepted: ${text}`);
  return [parsed.refusal, ...(parsed.also ?? [])];
}

/** A shelf with one template on it. */
export const shelfOf = (template: Template, flawOfPath: Templates['flawOfPath'] = () => null): Templates => ({
  find: (name) =>
    name === template.name
      ? accepted(template)
      : refused({ code: 'TEMPLATE_UNKNOWN', message: `there is no template ${name}`, hint: 'see booty template list' }),
  flawOfPath,
});

/** What becomes of a file that uses a template. */
export const parseUse = (template: string | Template, file: string, flawOfPath?: Templates['flawOfPath']) =>
  parseJobFile(
    { fileName: 'file.yaml', content: Buffer.from(file), executable: false },
    defaults,
    shelfOf(typeof template === 'string' ? templateOf(template) : template, flawOfPath),
  );

export function usedJob(template: string | Template, file: string) {
  const parsed = parseUse(template, file);
  assert.ok(parsed.ok, `refused: ${JSON.stringify(parsed)}`);
  return parsed.value;
}

export function useRefusals(
  template: string | Template,
  file: string,
  flawOfPath?: Templates['flawOfPath'],
): readonly [Refusal, ...Refusal[]] {
  const parsed = parseUse(template, file, flawOfPath);
  assert.ok(!parsed.ok, `accepted: ${JSON.stringify(parsed)}`);
  return [parsed.refusal, ...(parsed.also ?? [])];
}
