import type { OutcomeRecord } from '../src/job/outcome.ts';
import type { Received } from '../test/harness/received.ts';
import type { Chapter, Ending } from './story.ts';

/** What is not as it must be; empty where all is well. */
export function flawsOfOutcome(
  { id }: Chapter,
  ending: Extract<Ending, { kind: 'outcome' }>,
  record: OutcomeRecord,
  events: readonly Received[],
): string[] {
  const flaws: string[] = [];
  const demand = (holds: boolean, flaw: string): void => {
    if (!holds) flaws.push(`${id}: ${flaw}`);
  };
  demand(record.outcome === ending.outcome, `expected ${ending.outcome}, and it ${record.outcome}`);
  demand(
    ending.reason === null ? record.reason === null : ending.reason.test(record.reason ?? ''),
    `the reason is ${JSON.stringify(record.reason)}`,
  );
  const own = events.filter(({ event }) => event.tags?.job_name === record.name);
  demand(own.length === (ending.tags ? 1 : 0), `${own.length} events arrived`);
  demand(
    (record.sentry?.eventId ?? null) === (own[0]?.id ?? null),
    `its outcome names event ${record.sentry?.eventId}, and ${own[0]?.id} arrived`,
  );
  for (const [tag, value] of Object.entries(ending.tags ?? {})) {
    const found = own[0]?.event.tags?.[tag];
    demand(found === value, `the tag ${tag} is ${found}, expected ${value}`);
  }
  return flaws;
}

/** The event of the Python crash must have the program's two frames, and the traceback attached. */
export function flawsOfPythonEvent({ event, attachments }: Received): string[] {
  const exception = event.exception?.values.at(-1);
  const calls = (exception?.stacktrace?.frames ?? []).map((frame) => frame.function);
  const traceback = attachments.some(({ data }) => data.includes('Traceback (most recent call last)'));
  return [
    ...(exception?.type === 'ValueError' ? [] : [`its exception is a ${exception?.type}`]),
    ...(calls.slice(-2).join() === 'main,amount_in_cents' ? [] : [`its last frames are ${calls.slice(-2).join()}`]),
    ...(traceback ? [] : ['no attachment has the traceback']),
    ...((event.breadcrumbs ?? []).some(({ message }) => message.startsWith('fetch'))
      ? []
      : ['no breadcrumb of the step before']),
  ].map((flaw) => `the Python crash: ${flaw}`);
}
