import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { ModuleCall } from '../job/module-call.ts';
import { isOutputKey, maxOutputBytes, parseOutputs } from '../job/outputs.ts';
import type { NeededJob, PipelineOutcome, VerifierContext } from './define-job.ts';
import { ModuleLog } from './log.ts';

/** What is between the host and the function of a module. */
export interface HostedContext {
  readonly job: VerifierContext;
  /** Why it rejected; null where it has not. */
  readonly rejection: () => string | null;
  /** Null as long as the function has not asked for a signal. */
  readonly signal: () => AbortSignal | null;
}

/** Reads what the environment of a step says, as docs/JOBS.md has it. */
export function hostedContext(call: ModuleCall, env: NodeJS.ProcessEnv): HostedContext {
  const variable = (name: string): string => env[name] ?? '';
  const isVerifier = variable('BOOTY_JOB_KIND') === 'verifier';
  let aborting: AbortController | null = null;
  let rejection: string | null = null;
  const job: Omit<VerifierContext, 'kind'> & { readonly kind: 'pipeline' | 'verifier' } = {
    id: variable('BOOTY_JOB_ID'),
    name: variable('BOOTY_JOB_NAME'),
    kind: isVerifier ? 'verifier' : 'pipeline',
    attempt: Number(variable('BOOTY_ATTEMPT')),
    step: variable('BOOTY_STEP'),
    workdir: variable('BOOTY_WORKDIR'),
    with: call.with,
    log: new ModuleLog(call.logPath),
    get outputs() {
      return parseOutputs(readOutputs(variable('BOOTY_OUTPUT')));
    },
    get needs() {
      return (readJson(variable('BOOTY_NEEDS')) ?? {}) as Readonly<Record<string, NeededJob>>;
    },
    output: (key, value) => putOut(variable('BOOTY_OUTPUT'), key, value),
    get signal() {
      aborting ??= abortOnTerm();
      return aborting.signal;
    },
    get pipeline() {
      return readJson(variable('BOOTY_PIPELINE_OUTCOME')) as PipelineOutcome | null;
    },
    reject: (reason) => {
      if (!isVerifier) throw new TypeError('only a verifier rejects: throw an error to let a step of a pipeline fail');
      if (rejection !== null) return;
      rejection = oneLine(String(reason)) || 'rejected without a reason';
      writeFileSync(variable('BOOTY_VERDICT'), `${rejection}\n`);
    },
  };
  return {
    // The kind tells the two apart; what only a verifier has says so at run time too.
    job: job as VerifierContext,
    rejection: () => rejection,
    signal: () => aborting?.signal ?? null,
  };
}

const readJson = (path: string): unknown => (path === '' ? null : JSON.parse(readFileSync(path, 'utf8')));

/** With a handler the signal does not end the process any more: there is one only once somebody wants to know. */
function abortOnTerm(): AbortController {
  const controller = new AbortController();
  process.once('SIGTERM', () =>
    controller.abort(new DOMException('SIGTERM: the job is to end (time limit, cancellation or stop)', 'AbortError')),
  );
  return controller;
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, 1000);

function putOut(path: string, key: string, value: string | number | boolean): void {
  if (!isOutputKey(key))
    throw new TypeError(
      `${JSON.stringify(key)} is no key of an output: at most 100 letters, digits, _ . - that begin with a letter or _`,
    );
  if (!['string', 'number', 'boolean'].includes(typeof value))
    throw new TypeError(`the output ${key} is of type ${typeof value}: expected a string, number or boolean`);
  const text = String(value);
  if (/[\r\n]/.test(text)) throw new TypeError(`the output ${key} has more than one line: keep such data in a file`);
  const line = `${key}=${text}\n`;
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) + Buffer.byteLength(line) >= maxOutputBytes)
    throw new RangeError(`the outputs take more than ${maxOutputBytes} bytes with ${key}: keep such data in a file`);
  appendFileSync(path, line);
}

const readOutputs = (path: string): string =>
  statSync(path, { throwIfNoEntry: false })?.isFile() ? readFileSync(path, 'utf8').slice(0, maxOutputBytes) : '';
