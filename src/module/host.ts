import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { callVariable, type ModuleCall } from '../job/module-call.ts';
import { type HostedContext, hostedContext } from './context.ts';
import { describe } from './describe.ts';
import { handedError } from './hand-over.ts';
import { hintFor, loadFunction, resolveBooty } from './load.ts';
import { sourceLines } from './source-line.ts';

/*
 * The program that runs a module step, in a process of its own:
 *
 *   call ──▶ import ──▶ function(job) ──┬─ returns ──▶ 0, or 1 where a verifier rejected
 *                                       ├─ fails ────▶ the error is handed over, printed, 1
 *                                       ├─ fails as it was told to end ──▶ 143
 *                                       └─ never ends, or the process ends before it ──▶ 13
 *
 * Errors outside of the function end it as they end any program of Node.js, and are handed over before.
 */

const exitRejected = 1;
const exitFailed = 1;
/** As Node.js has it for a promise at the top level that nobody settles (nodejs.org/api/process.html, exit codes). */
const exitUnsettled = 13;
const exitTerminated = 128 + 15;
/** After so long it is told what keeps a process from ending whose function has returned. */
const lingerMs = 10_000;
const maxStackFrames = 50;

const call = JSON.parse(readFileSync(process.env[callVariable] ?? '', 'utf8')) as ModuleCall;
// The module finds the world as if it had been started itself.
delete process.env[callVariable];
process.argv = [process.execPath, call.module];
Error.stackTraceLimit = maxStackFrames;
resolveBooty();

const here = new URL('.', import.meta.url).href;
const isOurs = (frame: string): boolean => frame.includes(here);
const say = (text: string): void => void process.stderr.write(`booty: ${text}\n`);
const hosted = hostedContext(call, process.env);
let handed = false;
let settled = false;
let idle = false;

process.on('uncaughtExceptionMonitor', (error) => {
  // Somebody who catches it lives on.
  if (process.listenerCount('uncaughtException') === 0) handOver(error);
});
process.on('beforeExit', () => {
  idle = !settled;
});
process.on('exit', onExit);
void perform(hosted);

async function perform({ job, rejection, signal }: HostedContext): Promise<void> {
  try {
    const run = await loadFunction(call);
    const result = await run(job);
    if (job.kind === 'verifier' && result !== undefined)
      throw new TypeError(
        `a verifier accepts by returning nothing and rejects by job.reject(reason); this one returned ${describe(result).slice(0, 200)}`,
      );
    settled = true;
    if (rejection() !== null) process.exitCode = exitRejected;
    setTimeout(tellLingering, lingerMs).unref();
  } catch (error) {
    settled = true;
    if (signal()?.aborted && isAbort(error, signal()?.reason)) endAsTold(error);
    fail(error);
  }
}

/** What a function throws that stops because it was told to is no crash of its own. */
const isAbort = (error: unknown, reason: unknown): boolean =>
  error === reason || (error instanceof Error && (error.name === 'AbortError' || error.cause === reason));

function endAsTold(error: unknown): never {
  say(`ended by SIGTERM: ${error instanceof Error ? describe(error.message) : describe(error)}`);
  process.exit(exitTerminated);
}

/** As Node.js would end: the error is printed as it prints it, and nobody who listens for errors can keep the process. */
function fail(error: unknown): void {
  handOver(error);
  const hint = hintFor(error, call.module);
  if (hint !== null) say(hint);
  if (error instanceof SyntaxError && error.stack?.startsWith('SyntaxError')) return letNodeFail(error);
  process.stderr.write(`\n${printed(error)}\n\nNode.js ${process.version}\n`);
  process.exit(exitFailed);
}

/** Where a module does not parse only Node.js itself can show the place. */
function letNodeFail(error: SyntaxError): void {
  process.setUncaughtExceptionCaptureCallback(null);
  for (const event of ['unhandledRejection', 'uncaughtException']) process.removeAllListeners(event);
  void Promise.reject(error);
}

function printed(error: unknown): string {
  try {
    return withoutHost(inspect(error, { depth: 6, maxStringLength: 10_000 }));
  } catch {
    return describe(error); // Whatever it is, inspecting it runs code that fails.
  }
}

/** Frames of the host say nothing to the author of a module. The brace behind the last one stays. */
const withoutHost = (text: string): string =>
  text.replace(/\n +at ([^\n]*?)( \{|,)?(?=\n|$)/g, (line: string, call: string, rest = '') =>
    isOurs(call) ? rest : line,
  );

function handOver(error: unknown): void {
  if (handed) return;
  handed = true;
  try {
    const text = handedError(error, { isOurs, sourceOf: sourceLines(call.module) });
    writeFileSync(`${call.errorPath}.new`, text, { mode: 0o600 });
    renameSync(`${call.errorPath}.new`, call.errorPath);
  } catch (failure) {
    // It is printed all the same, and Booty reads that.
    say(`the error could not be handed over: ${describe(String(failure))}`);
  }
}

/** A process that ends well before its function has done so has not done its work, whoever ended it. */
function onExit(code: number): void {
  const passesForAVerdict = code === exitRejected && hosted.job.kind === 'verifier' && !handed;
  if (settled || (code !== 0 && !passesForAVerdict)) return;
  say(
    idle
      ? `the function of ${call.module} has neither returned nor failed, and nothing is left that it could wait for: some promise is never settled`
      : `${call.module} ended the process with ${code} before its function had returned: return, or throw, in place of process.exit`,
  );
  process.exitCode = exitUnsettled;
}

function tellLingering(): void {
  say(
    `the function of ${call.module} has returned, and the process still waits for: ${process.getActiveResourcesInfo().join(', ').slice(0, 500)}. Close what it has opened`,
  );
}
