import { once } from 'node:events';
import type { SupervisorProcess } from '../harness/supervisor.ts';
import { poll } from '../harness/waiting.ts';

/*
 * Makes a real supervisor fail as a defect of its own code would make it fail, without a door for it in the code: Node's
 * inspector runs an expression inside it.
 */

/** The environment that a supervisor must be started with. */
export const inspectable = { NODE_OPTIONS: '--inspect=127.0.0.1:0' } as const;

interface Reply {
  readonly id: number;
  readonly result: { readonly result?: { readonly value?: unknown } };
}

/** What its heap holds, in bytes, once what nobody needs any more is collected. */
export async function heapOf(supervisor: SupervisorProcess): Promise<number> {
  const url = await poll('the address of the inspector', () => /ws:\/\/\S+/.exec(supervisor.stderr)?.[0]);
  const socket = new WebSocket(url);
  await once(socket, 'open');
  const replies = new Promise<Reply>((resolve) => {
    socket.addEventListener('message', ({ data }) => {
      const reply = JSON.parse(String(data)) as Reply;
      if (reply.id === 2) resolve(reply);
    });
  });
  socket.send(JSON.stringify({ id: 1, method: 'HeapProfiler.collectGarbage' }));
  const expression = 'process.memoryUsage().heapUsed';
  socket.send(JSON.stringify({ id: 2, method: 'Runtime.evaluate', params: { expression } }));
  const { result } = await replies;
  socket.close();
  return Number(result.result?.value);
}

/** Runs an expression in the supervisor, and does not wait for what it does. */
export async function runInside(supervisor: SupervisorProcess, expression: string): Promise<void> {
  const url = await poll('the address of the inspector', () => /ws:\/\/\S+/.exec(supervisor.stderr)?.[0]);
  const socket = new WebSocket(url);
  await once(socket, 'open');
  socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression } }));
  await Promise.race([once(socket, 'message'), supervisor.exited]);
  socket.close();
}
