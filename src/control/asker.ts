import type { Socket } from 'node:net';
import { peerUid } from '../native/peer.ts';
import { userName } from './accounts.ts';

/** Who is at the other end: `alice (uid 1000)`. */
export function askerOf(socket: Socket): string {
  const uid = askerUid(socket);
  if (uid === null) return 'somebody who has gone';
  const name = userName(uid);
  return name === null ? `uid ${uid}` : `${name} (uid ${uid})`;
}

/** The user at the other end; null where that has gone. */
export function askerUid(socket: Socket): number | null {
  const file = descriptorOf(socket);
  return file === null ? null : peerUid(file);
}

/** Node.js tells no descriptor of a socket; its handle has one for as long as it is open. */
function descriptorOf(socket: Socket): number | null {
  const { _handle: handle } = socket as { readonly _handle?: { readonly fd?: number } | null };
  return handle?.fd !== undefined && handle.fd >= 0 ? handle.fd : null;
}
