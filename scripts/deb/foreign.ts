import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version: string; readonly integrity: string }>>;
}

/**
 * A package for another machine than this, unpacked below a directory: the one that a lockfile pins, byte for byte.
 * @throws where what the registry sends is something else
 */
export function fetchPinned(lockFile: string, name: string, directory: string): string {
  const locked = (JSON.parse(readFileSync(lockFile, 'utf8')) as Lock).packages[`node_modules/${name}`];
  if (locked === undefined) throw new Error(`${lockFile} pins no ${name}`);
  const target = join(directory, `${name.replaceAll('/', '-')}-${locked.version}`);
  if (existsSync(target)) return target;
  const unfinished = `${target}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  const packed = execFileSync('npm', ['pack', '--json', '--pack-destination', unfinished, `${name}@${locked.version}`]);
  const file = (JSON.parse(String(packed)) as readonly { readonly filename: string }[])[0]?.filename;
  if (file === undefined) throw new Error(`npm pack told no file for ${name}`);
  const archive = join(unfinished, file);
  const [algorithm = '', expected] = locked.integrity.split(/-(.*)/s);
  const found = createHash(algorithm).update(readFileSync(archive)).digest('base64');
  if (found !== expected) throw new Error(`${name}@${locked.version} is not what ${lockFile} pins: ${found}`);
  execFileSync('tar', [
    '--extract',
    '--file',
    archive,
    '--directory',
    unfinished,
    '--strip-components=1',
    '--no-same-owner',
  ]);
  rmSync(archive);
  renameSync(unfinished, target);
  return target;
}
