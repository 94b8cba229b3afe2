import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { machineEnvironment } from '../src/run/environment.ts';
import { endAll } from '../test/harness/program.ts';
import { Receiver } from '../test/harness/receiver.ts';
import { Root } from '../test/harness/root.ts';
import { SupervisorProcess } from '../test/harness/supervisor.ts';
import { pointOut, showEvent, showOutcomes, showRefusal } from './closing.ts';
import { flawsOfOutcome, flawsOfPythonEvent } from './expectation.ts';
import { viewLine } from './journal-view.ts';
import { heading, paint, paragraph, row, say } from './page.ts';
import { type Chapter, chapters } from './story.ts';

/*
 * Booty at work: five job files, one after the other, in a throw-away directory; then what became of them. It looks at
 * everything that it shows, and exits with 1 where anything is not as it must be.
 */

const jobs = fileURLToPath(new URL('jobs', import.meta.url));

async function demonstrate(root: Root, receiver: Receiver): Promise<readonly string[]> {
  const hasPython = spawnSync('python3', ['-c', ''], { env: machineEnvironment() }).status === 0;
  const told = chapters.filter((chapter) => hasPython || !chapter.needsPython);
  introduce(root, receiver, hasPython);
  const flaws = await tellAll(told, root, receiver);

  if (!showOutcomes(root)) flaws.push('booty list failed');
  const crash = hasPython
    ? { id: 'import-orders', title: 'The Python crash, as it arrived at Sentry' }
    : { id: 'resize-photos', title: 'The killed job’s event, as it arrived at Sentry' };
  const event = receiver.events.find((received) => received.event.tags?.job_id === crash.id);
  if (event) {
    showEvent(crash.title, event);
    if (hasPython) flaws.push(...flawsOfPythonEvent(event));
  }
  for (const { file, ending } of told) {
    if (ending.kind !== 'refused') continue;
    const hint = showRefusal(root, file);
    if (hint !== ending.hint) flaws.push(`${file}: the hint is ${hint}`);
  }
  if (!hasPython) {
    say();
    sayPythonIsMissing();
  }
  pointOut(root, crash.id);
  return flaws;
}

function introduce(root: Root, receiver: Receiver, hasPython: boolean): void {
  say(
    paint('bold', `Booty runs job files that are dropped into a directory. Here are ${hasPython ? 'five' : 'four'}.`),
  );
  say();
  say(row('directory', root.path));
  say(row('Sentry', `a small receiver on 127.0.0.1:${receiver.port}; nothing leaves this machine`));
  if (!hasPython) sayPythonIsMissing();
}

function sayPythonIsMissing(): void {
  const text = 'python3 is missing: the job whose Python step crashes was left out (apt install python3).';
  say(paint('yellow', paragraph(text)));
}

async function tellAll(told: readonly Chapter[], root: Root, receiver: Receiver): Promise<string[]> {
  heading('What happens: the journal, shortened for reading (seconds since the start)');
  say();
  const startedMs = performance.now();
  await using supervisor = await SupervisorProcess.start(root, { onLine: (line) => say(viewLine(line, startedMs)) });
  const flaws: string[] = [];
  for (const chapter of told) flaws.push(...(await tell(chapter, supervisor, receiver)));
  say();
  const { status } = await supervisor.stop();
  if (status !== 0) flaws.push(`the supervisor exited with ${status}`);
  return flaws;
}

async function tell(chapter: Chapter, supervisor: SupervisorProcess, receiver: Receiver): Promise<string[]> {
  const { file, id, title, ending } = chapter;
  say();
  say(`${' '.repeat(9)}${paint('cyan', `demo/jobs/${file}`)}: ${title}`);
  const text = await readFile(`${jobs}/${file}`, 'utf8');
  await supervisor.drop(file, text.replaceAll('HERE/', `${jobs}/`));
  if (ending.kind === 'refused') {
    await supervisor.line({ kind: 'job.refused', file });
    return [];
  }
  await supervisor.line({ kind: 'job.ended', id });
  const record = await supervisor.outcome(id);
  const eventId = record.sentry?.eventId;
  if (eventId) {
    await receiver.event(eventId);
    await supervisor.line({ kind: 'outbox.delivered', event_id: eventId });
  }
  return flawsOfOutcome(chapter, ending, record, receiver.events);
}

const root = await Root.make({
  prefix: 'booty-demo-',
  release: 'SENTRY_RELEASE=shop@1.4.2\nSENTRY_ENVIRONMENT=demo\n',
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    say();
    say('Interrupted: everything is stopped and removed.');
    void endAll()
      .then(() => root[Symbol.asyncDispose]())
      .finally(() => process.exit(130));
  });
}
try {
  await using receiver = await Receiver.listen();
  await root.write('etc/secrets.env', `SENTRY_DSN=${receiver.dsn}\n`, 0o600);
  const flaws = await demonstrate(root, receiver);
  if (flaws.length > 0) {
    say();
    for (const flaw of flaws) say(paint('red', `not as expected: ${flaw}`));
    process.exitCode = 1;
  }
} catch (error) {
  say();
  say(paint('red', `The demo failed; its directory ${root.path} is kept.`));
  throw error;
}
