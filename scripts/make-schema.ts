import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate, schemaNames } from './schema/generate.ts';

/* Writes schema/NAME.schema.json anew, out of the schemas that Booty reads its files with. */

const directory = join(import.meta.dirname, '../schema');
mkdirSync(directory, { recursive: true });
for (const name of schemaNames)
  writeFileSync(join(directory, `${name}.schema.json`), `${JSON.stringify(generate(name), null, 1)}\n`);
