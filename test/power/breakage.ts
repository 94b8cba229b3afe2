import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { must } from '../system/finished.ts';

/** One promise of the program taken out of its source. */
export interface Breakage {
  readonly name: string;
  readonly file: string;
  /** Each occurs once, and is replaced. */
  readonly edits: readonly (readonly [text: string, replacement: string])[];
}

export const breakages: readonly Breakage[] = [
  {
    name: 'file-fsync',
    file: 'src/disk/durable.ts',
    edits: [
      ['    await file.sync();\n', ''],
      ['      fsyncSync(file);\n', ''],
    ],
  },
  {
    name: 'directory-fsync',
    file: 'src/disk/durable.ts',
    edits: [
      ['  await directory.sync();\n', ''],
      ['    fsyncSync(directory);\n', ''],
    ],
  },
  { name: 'ledger-off', file: 'src/ledger/open.ts', edits: [['synchronous = FULL', 'synchronous = OFF']] },
  { name: 'ledger-normal', file: 'src/ledger/open.ts', edits: [['synchronous = FULL', 'synchronous = NORMAL']] },
  {
    name: 'claimed-fsync',
    file: 'src/supervise/intake.ts',
    edits: [['    await syncDirectory(this.#paths.claimed);\n', '']],
  },
];

const checkout = resolve(import.meta.dirname, '../..');

/** Builds a release that breaks the promise, from a copy of the source in the directory. Returns where it is. */
export async function buildBroken(breakage: Breakage, directory: string): Promise<string> {
  const copy = join(directory, breakage.name);
  mkdirSync(copy);
  for (const part of ['src', 'scripts', 'bin', 'package.json', 'package-lock.json'])
    cpSync(join(checkout, part), join(copy, part), { recursive: true });
  symlinkSync(join(checkout, 'node_modules'), join(copy, 'node_modules'));
  let text = readFileSync(join(copy, breakage.file), 'utf8');
  for (const [before, after] of breakage.edits) {
    if (text.split(before).length !== 2)
      throw new Error(`${breakage.file} does not have ${JSON.stringify(before)} once`);
    text = text.replace(before, after);
  }
  writeFileSync(join(copy, breakage.file), text);
  await must([process.execPath, join(copy, 'scripts/build.ts')], { timeoutMs: 120_000 });
  return join(copy, 'build');
}
