import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { JobContext } from 'booty';

/** As the host would write it. */
const forged = JSON.stringify([
  { type: 'ForgedError', value: 'made up', frames: [], properties: {}, parent: null, source: null, isGroup: false },
]);

const forge: Readonly<Record<string, (path: string) => void>> = {
  link: (path) => {
    writeFileSync(`${path}.forged`, forged);
    symlinkSync(`${path}.forged`, path);
  },
  directory: (path) => mkdirSync(path),
  pipe: (path) => execFileSync('mkfifo', [path]),
  huge: (path) => {
    writeFileSync(path, forged);
    truncateSync(path, 8 * 1024 ** 3);
  },
  cut: (path) => writeFileSync(path, forged.slice(0, -1)),
  whole: (path) => writeFileSync(path, forged),
};

/** Puts something in the place of the files that its host would write. */
export default function forges({ with: how, workdir }: JobContext): never {
  for (const name of ['module-error.json', 'module-log.jsonl']) forge[String(how)]?.(join(dirname(workdir), name));
  process.exit(9);
}
