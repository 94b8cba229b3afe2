import type { Socket } from 'node:net';
import { peerUid } from '../native/peer.ts';
import { userName } from './accounts.ts';

/** Who is at the other end: `alice (uid 1000)`. */
export function askerOf(socket: Socket): string {
  const file = descriptorOf(socket);
  const uid = file === null ? null : peerUid(file);
  if (uid === null) return 'somebody who has gone';
  const name = userName(uid);
  return name === null ? `uid ${uid}` : `${name} (uid ${uid})`;
}

/** Node.js tells no descriptor of a socket; its handle has one for as long as it is open. */
function descriptorOf(socket: Socket): number | null {
  const { _handle: handle } = socket as { readonly _handle?: { readonly fd?: number } | null };
  return handle?.fd !== undefined && handle.fd >= 0 ? handle.fd : null;
}
