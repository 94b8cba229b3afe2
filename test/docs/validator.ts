import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { SchemaName } from '../../src/cli/schema.ts';

const ajv = new Ajv2020({
  strict: true,
  strictTypes: false,
  strictTuples: false,
  strictRequired: false,
  allowUnionTypes: true,
});

/** The text of a schema as it is shipped. */
export const schemaText = (name: SchemaName): string =>
  readFileSync(join(import.meta.dirname, `../../schema/${name}.schema.json`), 'utf8');

const load = (name: SchemaName): ValidateFunction => ajv.compile(JSON.parse(schemaText(name)) as object);
const validators = { job: load('job'), template: load('template'), config: load('config') };

/** What an editor would underline: where, and why. Empty where nothing is wrong. */
export function flaws(name: SchemaName, data: unknown): string[] {
  const validate = validators[name];
  validate(data);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath}: ${message}`);
}
