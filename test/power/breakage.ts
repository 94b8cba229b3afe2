import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { must } from '../system/finished.ts';
import type { Acknowledgement } from './cut.ts';

/** One promise of the program taken out of its source. */
export interface Breakage {
  readonly name: string;
  readonly file: string;
  /** What is told too early then: with that the power is cut. */
  readonly tells: Acknowledgement;
  /** What is then found, and nowhere else. */
  readonly flaw: RegExp;
  /** Each occurs once, and is replaced. */
  readonly edits: readonly (readonly [text: string, replacement: string])[];
}

export const breakages: readonly Breakage[] = [
  {
    name: 'file-fsync',
    file: 'src/disk/durable.ts',
    flaw: /(?:outcomes|outbox)\/.*: it is not whole/,
    tells: 'outcome',
    edits: [
      ['      await syncFile(file);\n', ''],
      ['      fsyncSync(file);\n', ''],
    ],
  },
  {
    name: 'directory-fsync',
    file: 'src/disk/durable.ts',
    flaw: /it was captured, and is not in the outbox|has no outcome file|it was refused, and has no reason/,
    tells: 'captured',
    edits: [
      ['    await syncFile(directory);\n', ''],
      [
        'syncDirectorySync = (path: string): void => syncNowSync(path)',
        'syncDirectorySync = (_path: string): void => {}',
      ],
    ],
  },
  {
    name: 'ledger-sync',
    file: 'src/ledger/log-file.ts',
    flaw: /it ended, and is \w+ in the ledger|it was accepted, and is not in the ledger/,
    tells: 'ended',
    edits: [
      [
        '    fdatasync(file, (error) => {',
        '    ((_, told: (error: Error | null) => void) => told(null))(file, (error) => {',
      ],
    ],
  },
  {
    name: 'ledger-early',
    file: 'src/ledger/committer.ts',
    flaw: /it ended, and is \w+ in the ledger|it was accepted, and is not in the ledger/,
    tells: 'ended',
    // A sync that began at once would be over before the power goes.
    edits: [
      ["if (entry.until === 'written') entry.committed()", 'entry.committed()'],
      [
        "if (this.#undurable.some(({ until }) => until === 'durable')) this.#syncInTime();\n    else this.#hurry();",
        'this.#hurry();',
      ],
    ],
  },
  {
    name: 'claimed-fsync',
    file: 'src/supervise/intake.ts',
    flaw: /it is job .*, and lies in incoming again|was taken twice/,
    tells: 'accepted',
    edits: [['    await syncDirectory(this.#paths.claimed);\n', '']],
  },
];

const checkout = resolve(import.meta.dirname, '../..');

/** The text of the file without the promise. @throws where it does not have each of the places once */
export function withoutPromise({ file, edits }: Breakage): string {
  let text = readFileSync(join(checkout, file), 'utf8');
  for (const [before, after] of edits) {
    if (text.split(before).length !== 2) throw new Error(`${file} does not have ${JSON.stringify(before)} once`);
    text = text.replace(before, after);
  }
  return text;
}

/** Builds a release that breaks the promise, from a copy of the source in the directory. Returns where it is. */
export async function buildBroken(breakage: Breakage, directory: string): Promise<string> {
  const copy = join(directory, breakage.name);
  mkdirSync(copy);
  for (const part of ['src', 'scripts', 'bin', 'schema', 'docs', 'etc', 'systemd', 'package.json', 'package-lock.json'])
    cpSync(join(checkout, part), join(copy, part), { recursive: true });
  symlinkSync(join(checkout, 'node_modules'), join(copy, 'node_modules'));
  writeFileSync(join(copy, breakage.file), withoutPromise(breakage));
  await must([process.execPath, join(copy, 'scripts/build.ts')], { timeoutMs: 120_000 });
  return join(copy, 'build');
}
