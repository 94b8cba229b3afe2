import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OutcomeRecord } from '../../src/job/outcome.ts';
import type { SentryEvent } from '../harness/envelope.ts';
import { Receiver } from '../harness/receiver.ts';
import { type SupervisorOptions, SupervisorProcess } from '../harness/supervisor.ts';

const modules = join(import.meta.dirname, 'modules');

/** The path of a module of these tests. */
export const moduleAt = (name: string): string => join(modules, name);

/** From 1: the line of a text that holds a mark. */
export function lineOf(path: string, mark: string): number {
  const lines = readFileSync(path, 'utf8').split('\n');
  const at = lines.findIndex((line) => line.includes(mark));
  if (at < 0) throw new Error(`${path} has no line with ${mark}`);
  return at + 1;
}

/** A supervisor with a Sentry. */
export class ModuleScene implements AsyncDisposable {
  readonly supervisor: SupervisorProcess;
  readonly #receiver: Receiver;

  private constructor(supervisor: SupervisorProcess, receiver: Receiver) {
    this.supervisor = supervisor;
    this.#receiver = receiver;
  }

  static async open(config = 'defaults: { killGrace: 5s }\n', options: SupervisorOptions = {}): Promise<ModuleScene> {
    const receiver = await Receiver.listen();
    return new ModuleScene(await SupervisorProcess.start({ dsn: receiver.dsn, config }, options), receiver);
  }

  run(id: string, keys: Readonly<Record<string, unknown>>): Promise<OutcomeRecord> {
    return this.supervisor.run({ id, ...keys });
  }

  /** The event of a job that crashed, with its outcome. */
  async crash(
    id: string,
    keys: Readonly<Record<string, unknown>>,
  ): Promise<{ readonly outcome: OutcomeRecord; readonly event: SentryEvent }> {
    const outcome = await this.run(id, keys);
    const eventId = outcome.sentry?.eventId;
    if (!eventId) throw new Error(`no event: ${JSON.stringify(outcome)}`);
    return { outcome, event: (await this.#receiver.event(eventId)).event };
  }

  log(id: string): string {
    return readFileSync(this.supervisor.root.in('lib/jobs', id, '1.log'), 'utf8');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.supervisor[Symbol.asyncDispose]();
    await this.#receiver[Symbol.asyncDispose]();
  }
}
