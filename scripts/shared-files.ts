import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { program } from '../src/cli/main.ts';
import { bashCompletion } from './completion/bash.ts';
import { fishCompletion } from './completion/fish.ts';
import { treeOf } from './completion/tree.ts';
import { zshCompletion } from './completion/zsh.ts';
import { pages } from './manual/pages.ts';
import { pageText } from './manual/roff.ts';

/** The manual and the completions of shells, as they stand below /usr/share. */
export function writeSharedFiles(directory: string): void {
  const edition = { version: versionOfPackage(), epoch: epochOfSource() };
  for (const page of pages()) {
    // The time in a gzip header is zero: the same page is the same file.
    const text = gzipSync(pageText(page, edition), { level: 9 });
    put(join(directory, `man/man${page.section}/${page.name}.${page.section}.gz`), text);
  }
  const tree = treeOf(program);
  put(join(directory, 'bash-completion/completions/booty'), bashCompletion(tree));
  put(join(directory, 'zsh/vendor-completions/_booty'), zshCompletion(tree));
  put(join(directory, 'fish/vendor_completions.d/booty.fish'), fishCompletion(tree));
}

const root = join(import.meta.dirname, '..');

export function versionOfPackage(): string {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string };
  return manifest.version;
}

/** The time of what is built, in seconds since 1970: reproducible-builds.org/specs/source-date-epoch. Without one: 1970. */
export function epochOfSource(): number {
  const given = process.env.SOURCE_DATE_EPOCH;
  if (given !== undefined && /^\d+$/.test(given)) return Number(given);
  try {
    const time = execFileSync('git', ['-C', root, 'log', '-1', '--format=%ct'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return Number(String(time).trim());
  } catch (error) {
    // An unpacked archive, or a machine without git.
    if (error instanceof Error) return 0;
    throw error;
  }
}

function put(path: string, content: string | Buffer): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
