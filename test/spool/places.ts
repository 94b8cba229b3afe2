import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempDisposableSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A spool in a directory of its own. */
export interface Spool extends Disposable {
  readonly incoming: string;
  readonly claimed: string;
  readonly rejected: string;
}

/** @param place where its directory is to be */
export function makeSpool(place = tmpdir()): Spool {
  const directory = mkdtempDisposableSync(join(place, 'booty-spool-'));
  const incoming = join(directory.path, 'incoming');
  const spool = { incoming, claimed: join(incoming, '.claimed'), rejected: join(directory.path, 'rejected') };
  mkdirSync(spool.claimed, { recursive: true });
  mkdirSync(spool.rejected);
  return { ...spool, [Symbol.dispose]: () => directory.remove() };
}

/** What people, and programs, put into a spool that is no file. */
export const oddities = {
  symlink: (path: string): void => symlinkSync('/etc/passwd', path),
  'dangling symlink': (path: string): void => symlinkSync('nowhere', path),
  fifo: (path: string): void => void execFileSync('mkfifo', [path]),
  socket: async (path: string): Promise<void> => {
    // The name stays where the process that listened dies: a rename before the end keeps it.
    const server = createServer().listen(`${path}.socket`);
    await once(server, 'listening');
    execFileSync('mv', [`${path}.socket`, path]);
    server.close();
  },
  directory: (path: string): void => {
    mkdirSync(path);
    writeFileSync(join(path, 'inside'), 'x');
  },
} as const;

export type Oddity = keyof typeof oddities;
