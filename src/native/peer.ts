import koffi from 'koffi';

/* SO_PEERCRED (unix(7)): whoever connected, as the kernel saw it at connect(2). Nobody can claim to be another. */

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
/** struct ucred: pid, uid and gid, four bytes each. */
const credentialsSize = 12;
const uidAt = 1;

type GetSockOpt = (file: number, level: number, option: number, value: Uint32Array, size: Uint32Array) => number;
let getsockopt: GetSockOpt | null = null;
const bind = (): GetSockOpt =>
  koffi
    .load(null)
    .func('int getsockopt(int fd, int level, int option, void *value, _Inout_ uint32_t *size)') as GetSockOpt;

/** The user at the other end of a Unix socket; null where the kernel does not tell. */
export function peerUid(file: number): number | null {
  getsockopt ??= bind();
  const credentials = new Uint32Array(credentialsSize / 4);
  const size = new Uint32Array([credentialsSize]);
  if (getsockopt(file, SOL_SOCKET, SO_PEERCRED, credentials, size) !== 0 || size[0] !== credentialsSize) return null;
  return credentials[uidAt] ?? null;
}
