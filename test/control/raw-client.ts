import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** What a client got, when its connection was over. */
export interface Got {
  readonly text: string;
  readonly afterMs: number;
}

export async function connected(path: string): Promise<Socket> {
  const socket = connect({ path });
  await once(socket, 'connect');
  return socket;
}

/** Sends these bytes, and reads until the other side ends the connection. */
export async function sendRaw(path: string, bytes: string | Uint8Array): Promise<Got> {
  const socket = connect({ path });
  socket.write(bytes);
  return readToEnd(socket);
}

/** Reads until the other side ends the connection, in whatever way. */
export async function readToEnd(socket: Socket): Promise<Got> {
  const began = performance.now();
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  socket.on('error', () => undefined); // A reset is an end as well.
  await new Promise((resolve) => socket.once('close', resolve));
  return { text, afterMs: performance.now() - began };
}

/** A POST with a body, its length as given. */
export const post = (path: string, body: string, length: number | string = Buffer.byteLength(body)): string =>
  `POST ${path} HTTP/1.1\r\nHost: booty\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n${body}`;
