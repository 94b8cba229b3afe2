import { once } from 'node:events';
import { chmodSync, chownSync, lstatSync, mkdirSync, renameSync, rmSync, type Stats } from 'node:fs';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { basename, dirname, join } from 'node:path';
import type { ControlAccess } from '../config/config.ts';
import { errorCode } from '../disk/durable.ts';
import { groupId } from './accounts.ts';

/** Where requests come in: a path of the file system, or a socket that the service manager has opened. */
export type Place =
  | { readonly kind: 'path'; readonly path: string; readonly access: ControlAccess }
  | { readonly kind: 'inherited'; readonly descriptor: number; readonly path: string };

/** What the kernel takes (unix(7)), without the NUL at the end. */
export const maxSocketPathBytes = 107;
/** How often a socket that could not be made, or that somebody removed, is made anew. */
const lookEveryMs = 30_000;
/** For answers that are on their way when the supervisor stops. */
const lastAnswersMs = 1000;
const directoryMode = 0o750;

/**
 * The supervisor's socket. Where it cannot be made the supervisor goes on without, and it is tried again.
 *
 *   made in a directory that only we may enter ──▶ mode and group ──▶ renamed into place: nobody meets it half done
 */
export class ControlSocket implements AsyncDisposable {
  readonly #makeServer: () => Server;
  readonly #tell: (failure: unknown) => void;
  #place: Place;
  #server: Server | null = null;
  /** The file that is ours. */
  #made: Stats | null = null;
  #work: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  /** @param tell with what keeps it from being there, and with null once it is there */
  constructor(place: Place, makeServer: () => Server, tell: (failure: unknown) => void) {
    this.#place = place;
    this.#makeServer = makeServer;
    this.#tell = tell;
  }

  /** Resolves once it accepts connections, or has told why not. Never rejects. */
  open(): Promise<void> {
    this.#timer ??= setInterval(() => void this.#again(), lookEveryMs);
    return this.#again();
  }

  /** From now on. */
  setAccess(access: ControlAccess): void {
    if (this.#place.kind === 'inherited') return;
    this.#place = { ...this.#place, access };
    try {
      if (this.#server) giveTo(this.#place.path, access);
    } catch (error) {
      this.#tell(error);
    }
  }

  /** Closes it; answers on their way have a moment. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#closed = true;
    await this.#work;
    await this.#close();
  }

  #again(): Promise<void> {
    this.#work = this.#work.then(() => this.#open()).catch((error: unknown) => this.#tell(error));
    return this.#work;
  }

  async #open(): Promise<void> {
    if (this.#closed || this.#isThere()) return;
    // What the service manager opened, only it can open again.
    if (this.#server && this.#place.kind === 'inherited') throw removed(this.#place.path);
    await this.#close();
    const server = this.#makeServer();
    // Of a connection that could not be accepted, for want of descriptors say.
    server.on('error', (error) => this.#tell(error));
    if (this.#place.kind === 'inherited') await listening(server, { fd: this.#place.descriptor });
    else this.#made = await listenAt(server, this.#place.path, this.#place.access);
    this.#server = server;
    this.#tell(null);
  }

  #isThere(): boolean {
    if (!this.#server) return false;
    if (this.#place.kind === 'inherited') return lookAt(this.#place.path) !== undefined;
    return isSame(lookAt(this.#place.path), this.#made);
  }

  async #close(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = null;
    if (this.#place.kind === 'path' && isSame(lookAt(this.#place.path), this.#made)) rmSync(this.#place.path);
    const closed = once(server, 'close');
    server.close();
    const limit = setTimeout(() => server.closeAllConnections(), lastAnswersMs);
    await closed;
    clearTimeout(limit);
  }
}

async function listenAt(server: Server, path: string, access: ControlAccess): Promise<Stats> {
  const room = join(dirname(path), `.${basename(path)}`);
  const made = join(room, 's');
  const longest = Math.max(Buffer.byteLength(path), Buffer.byteLength(made));
  if (longest > maxSocketPathBytes) throw tooLong(path, longest);
  mkdirSync(dirname(path), { recursive: true, mode: directoryMode });
  await demandFree(path);
  // One that was killed in the middle may have left it.
  rmSync(room, { recursive: true, force: true });
  mkdirSync(room, { mode: 0o700 });
  try {
    await listening(server, { path: made });
    giveTo(made, access);
    renameSync(made, path);
    return lstatSync(path);
  } catch (error) {
    server.close();
    throw error;
  } finally {
    rmSync(room, { recursive: true, force: true });
  }
}

async function listening(server: Server, where: { readonly path: string } | { readonly fd: number }): Promise<void> {
  server.listen(where);
  await once(server, 'listening');
}

/** @throws where something is in the way that is not a dead supervisor's */
async function demandFree(path: string): Promise<void> {
  const there = lookAt(path);
  if (!there) return;
  if (!there.isSocket()) throw new Error(`${path} is in the way: it is no socket`);
  if (await isAlive(path)) throw new Error(`another program takes connections on ${path}`);
}

/** Whether anybody accepts what comes there: a dead supervisor's socket refuses (connect(2)). */
function isAlive(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ path });
  socket.once('connect', () => resolve(true));
  socket.once('error', (error) => resolve(!['ECONNREFUSED', 'ENOENT'].includes(errorCode(error) ?? '')));
  return promise.finally(() => socket.destroy());
}

function giveTo(path: string, { group, mode }: ControlAccess): void {
  // Before its mode: nobody of the old group shall connect meanwhile.
  if (group !== null) {
    const gid = groupId(group);
    if (gid === null) throw new Error(`there is no group ${group} (control.group in booty.yaml)`);
    chownSync(path, process.geteuid?.() ?? -1, gid);
  }
  chmodSync(path, mode);
}

const lookAt = (path: string): Stats | undefined => lstatSync(path, { throwIfNoEntry: false });

const isSame = (one: Stats | undefined, other: Stats | null): boolean =>
  one !== undefined && other !== null && one.ino === other.ino && one.dev === other.dev;

const removed = (path: string): Error =>
  new Error(
    `${path}, which the service manager had opened, was removed: systemctl stop booty.service && systemctl restart booty.socket`,
  );

const tooLong = (path: string, length: number): Error =>
  new Error(
    `the path of the socket is too long: ${length} bytes, and ${maxSocketPathBytes} at most (${path}); choose a shorter one with paths.socket or BOOTY_SOCKET`,
  );
