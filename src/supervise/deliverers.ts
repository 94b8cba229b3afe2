import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import type { Paths } from '../config/paths.ts';
import type { Emit } from '../journal/event.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Redactor } from '../redact/redactor.ts';
import { Commands } from '../report/command.ts';
import type { SecretOf } from '../report/delivery.ts';
import { GithubComments } from '../report/github.ts';
import { Webhooks } from '../report/webhook.ts';
import { machineEnvironment } from '../run/environment.ts';
import { Deliveries } from './deliveries.ts';
import { logTailOf } from './log-tail.ts';

interface DeliveriesPlace {
  readonly paths: Paths;
  readonly config: Config;
  readonly ledger: Pick<Ledger, 'deliveries'>;
  readonly redactor: Redactor;
  readonly secretOf: SecretOf;
  readonly emit: Emit;
}

export interface OpenDeliveries extends AsyncDisposable {
  /** From the next try on. */
  setConfig(config: Config): void;
}

/** Makes the reports that jobs name, each by the way of its kind. */
export function openDeliveries({ paths, ledger, redactor, secretOf, emit, ...place }: DeliveriesPlace): OpenDeliveries {
  let { config } = place;
  const deliverers = {
    webhook: new Webhooks(secretOf),
    command: new Commands({
      machine: machineEnvironment(),
      outcomes: paths.outcomes,
      directory: join(paths.state, 'reports'),
    }),
    github: new GithubComments({
      api: () => config.githubApi,
      secretOf,
      logTail: (record) => logTailOf(record, paths, redactor),
      redact: (text) => redactor.known(text),
      host: hostname(),
    }),
  };
  const { policy } = config.defaults.reports;
  const deliveries = new Deliveries({ ledger: ledger.deliveries, deliverers, policy, redactor, emit });
  return {
    setConfig: (next) => {
      config = next;
      deliveries.setPolicy(next.defaults.reports.policy);
    },
    [Symbol.asyncDispose]: () => deliveries[Symbol.asyncDispose](),
  };
}
