import { closeSync } from 'node:fs';
import koffi from 'koffi';

/* Sockets of datagrams (unix(7)), which Node.js does not have. Once one is connected, write(2) sends: `fs.writeSync`. */

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
/** What is sent and not yet read by the other end, in bytes as the kernel counts them (unix(7), SIOCOUTQ). */
const SIOCOUTQ = 0x5411;
/** sun_path (unix(7)). */
const maxPathBytes = 107;

let bound: ReturnType<typeof bind> | null = null;
function bind() {
  const library = koffi.load(null);
  return {
    socket: library.func('int socket(int domain, int type, int protocol)') as (
      domain: number,
      type: number,
      protocol: number,
    ) => number,
    connect: library.func('int connect(int fd, const void *address, uint32_t size)') as (
      file: number,
      address: Uint8Array,
      size: number,
    ) => number,
    ioctl: library.func('int ioctl(int fd, unsigned long request, _Out_ int *value)') as (
      file: number,
      request: number,
      value: Int32Array,
    ) => number,
  };
}

/**
 * A socket that never blocks, connected to the one at the path.
 * @throws with a `code` of errno(3), such as ENOENT or ECONNREFUSED, where nobody listens there
 */
export function connectDatagram(path: string): number {
  const libc = (bound ??= bind());
  const name = Buffer.from(path);
  if (name.length > maxPathBytes) throw failure('ENAMETOOLONG', path);
  const file = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (file < 0) throw failure(errnoName(), path);
  // struct sockaddr_un: the family in two bytes of the machine's order (all that Node.js runs on here are little-endian).
  const address = Buffer.concat([Buffer.of(AF_UNIX, 0), name, Buffer.of(0)]);
  if (libc.connect(file, address, address.length) === 0) return file;
  const code = errnoName();
  closeSync(file);
  throw failure(code, path);
}

/** Whether the other end has read all that was sent. True also where the kernel does not tell. */
export function isRead(file: number): boolean {
  const value = new Int32Array(1);
  return (bound ??= bind()).ioctl(file, SIOCOUTQ, value) !== 0 || value[0] === 0;
}

const errnoName = (): string => {
  const errno = koffi.errno();
  return Object.entries(koffi.os.errno).find(([, value]) => value === errno)?.[0] ?? `errno ${errno}`;
};

const failure = (code: string, path: string): Error => Object.assign(new Error(`${code}: connect ${path}`), { code });
