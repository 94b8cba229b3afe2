import { readFileSync } from 'node:fs';
import { print } from './terminal.ts';

export type SchemaName = 'job' | 'template' | 'config';

/** Prints the JSON Schema of a kind of file, for editors. In a checkout it lies two directories up, in a release beside the program. */
export function printSchema(name: SchemaName): void {
  const directory = import.meta.filename.endsWith('.ts') ? '../../schema' : './schema';
  print(readFileSync(new URL(`${directory}/${name}.schema.json`, import.meta.url), 'utf8').trimEnd());
}
