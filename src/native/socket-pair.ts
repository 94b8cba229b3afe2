import koffi from 'koffi';

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;

type SocketPair = (domain: number, type: number, protocol: number, ends: Int32Array) => number;
let socketpair: SocketPair | null = null;
const bind = (): SocketPair =>
  koffi.load(null).func('int socketpair(int domain, int type, int protocol, _Out_ int *ends)') as SocketPair;

/** Two sockets that are connected with each other (socketpair(2)), which never block, closed on exec: nobody else can have either. @throws where no descriptor is left */
export function openSocketPair(): readonly [number, number] {
  socketpair ??= bind();
  const ends = new Int32Array(2);
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) !== 0)
    throw Object.assign(new Error('no file descriptor left for a pair of sockets'), { code: 'EMFILE' });
  return [ends[0] ?? -1, ends[1] ?? -1];
}
