import { once } from 'node:events';
import type { SupervisorProcess } from '../harness/supervisor.ts';
import { poll } from '../harness/waiting.ts';

/*
 * Makes a real supervisor fail as a defect of its own code would make it fail, without a door for it in the code: Node's
 * inspector runs an expression inside it.
 */

/** The environment that a supervisor must be started with. */
export const inspectable = { NODE_OPTIONS: '--inspect=127.0.0.1:0' } as const;

/** Runs an expression in the supervisor, and does not wait for what it does. */
export async function runInside(supervisor: SupervisorProcess, expression: string): Promise<void> {
  const url = await poll('the address of the inspector', () => /ws:\/\/\S+/.exec(supervisor.stderr)?.[0]);
  const socket = new WebSocket(url);
  await once(socket, 'open');
  socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression } }));
  await Promise.race([once(socket, 'message'), supervisor.exited]);
  socket.close();
}
