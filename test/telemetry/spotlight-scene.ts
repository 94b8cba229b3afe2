import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { OutcomeRecord } from '../../src/job/outcome.ts';
import type { SentryEvent } from '../harness/envelope.ts';
import { endWithUs, plainEnvironment } from '../harness/program.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';

/*
 * A program of its own, for a network namespace of its own: Sentry's Spotlight, a supervisor that sends to it, and a job
 * that crashes. Prints what Spotlight shows of it as JSON. Spotlight calls home otherwise, so that there must be nothing
 * but loopback.
 */

export interface SpotlightScene {
  readonly outcome: OutcomeRecord;
  readonly event: SentryEvent;
  readonly attachments: readonly { readonly filename: string; readonly data: string }[];
}

type Item = readonly [{ readonly type: string; readonly filename?: string }, unknown];
type Shown = readonly [{ readonly event_id?: string }, readonly Item[]];

const port = 8969;
const patienceMs = 30_000;

/** Resolves once it listens. */
async function startSpotlight(): Promise<void> {
  const spotlight = fileURLToPath(new URL('../peers/node_modules/.bin/spotlight', import.meta.url));
  const child = spawn(process.execPath, [spotlight, 'server', '-p', String(port)], {
    env: plainEnvironment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  endWithUs(child);
  let output = '';
  const listening = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      if (/listening on/.test(output)) listening.resolve();
    });
  }
  const gone = once(child, 'exit').then(() => {
    throw new Error(`Spotlight ended:\n${output}`);
  });
  await Promise.race([listening.promise, gone]);
}

/** The envelopes that Spotlight shows, as it streams them (server-sent events). */
async function* shown(): AsyncGenerator<Shown> {
  const response = await fetch(`http://127.0.0.1:${port}/stream`, { signal: AbortSignal.timeout(patienceMs) });
  if (!response.ok || !response.body) throw new Error(`Spotlight answered ${response.status}`);
  let text = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const blocks = (text + chunk).split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const data = block.split('\n').flatMap((line) => /^data: ?(.*)$/.exec(line)?.[1] ?? []);
      if (/^event: ?application\/x-sentry-envelope/m.test(block)) yield JSON.parse(data.join('\n')) as Shown;
    }
  }
}

async function find(eventId: string): Promise<Shown> {
  for await (const envelope of shown()) if (envelope[0].event_id === eventId) return envelope;
  throw new Error(`Spotlight’s stream ended without event ${eventId}`);
}

const interfaces = Object.keys(networkInterfaces());
if (interfaces.join() !== 'lo') throw new Error(`this is no network namespace of its own: ${interfaces.join()}`);
await startSpotlight();
await using supervisor = await SupervisorProcess.start({ dsn: `http://pub@127.0.0.1:${port}/1` });
const outcome = await supervisor.run({ id: 'peer', run: 'echo "for Spotlight"; exit 3' });
const [, items] = await find(outcome.sentry?.eventId ?? '');
const [, event] = items.find(([header]) => header.type === 'event') ?? [];
const attachments = items
  .filter(([header]) => header.type === 'attachment')
  .map(([{ filename = '' }, payload]) => ({ filename, data: (payload as { readonly data: string }).data }));
await supervisor.line({ kind: 'outbox.delivered' });
const scene: SpotlightScene = { outcome, event: event as SentryEvent, attachments };
process.stdout.write(JSON.stringify(scene), () => process.exit(0));
