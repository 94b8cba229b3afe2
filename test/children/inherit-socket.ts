import { createServer } from 'node:http';
import { ControlSocket } from '../../src/control/socket.ts';

/* Takes connections on descriptor 3, which whoever started us has opened; stops on SIGTERM. */

const socket = new ControlSocket(
  { kind: 'inherited', descriptor: 3 },
  () => createServer((_request, response) => response.end('{}')),
  (failure) => process.stdout.write(failure instanceof Error ? failure.message : 'open\n'),
);
process.once('SIGTERM', () => void socket[Symbol.asyncDispose]());
await socket.open();
