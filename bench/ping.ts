import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const requestLimitMs = 30_000;
const meanPauseMs = 20;

/**
 * How long the supervisor's loop keeps others waiting, seen from outside: the time that it takes to answer the shortest
 * request on its control socket. It includes the turn of the loop that is under way, the answer itself, and what both
 * processes wait for a processor: the delay of the loop is not above it.
 */
export async function ping(socketPath: string, forMs: number, signal: AbortSignal): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times: number[] = [];
  const until = performance.now() + forMs;
  try {
    while (performance.now() < until) {
      times.push(await pingOnce(socketPath, agent, signal));
      // In step with nothing.
      await sleep(meanPauseMs * (0.5 + Math.random()), undefined, { signal });
    }
  } finally {
    agent.destroy();
  }
  return times;
}

/** A path that there is not: the answer asks neither the ledger nor the supervisor. */
async function pingOnce(socketPath: string, agent: Agent, signal: AbortSignal): Promise<number> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(requestLimitMs)]);
  const from = performance.now();
  const request = get({ socketPath, path: '/v1/ping', agent, signal: limited, headers: { Host: 'booty' } });
  const [response] = (await once(request, 'response', { signal: limited })) as [IncomingMessage];
  response.resume();
  await once(response, 'end', { signal: limited });
  return performance.now() - from;
}
