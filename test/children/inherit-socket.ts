import { createServer } from 'node:http';
import { ControlSocket } from '../../src/control/socket.ts';

/* Takes connections on descriptor 3, which whoever started us has opened; stops on SIGTERM, and looks after it on SIGUSR2. */

const socket = new ControlSocket(
  { kind: 'inherited', descriptor: 3, path: process.argv[2] ?? '' },
  () => createServer((_request, response) => response.end('{}')),
  (failure) => process.stdout.write(failure instanceof Error ? failure.message : 'open\n'),
);
process.once('SIGTERM', () => void socket[Symbol.asyncDispose]());
process.on('SIGUSR2', () => void socket.open());
await socket.open();
