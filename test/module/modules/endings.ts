import { setTimeout as sleep } from 'node:timers/promises';
import { defineJob, type JobContext } from 'booty';

/** Puts things in order when it is told to end, and says so. */
export const waits = defineJob(async (job) => {
  const { signal } = job;
  job.log.info('waiting');
  try {
    await sleep(60_000, undefined, { signal });
  } catch (error) {
    job.output('cleaned', 'yes');
    throw error;
  }
});

export const waitsWithoutASignal = defineJob(() => sleep(60_000));

export const settlesNever = (): Promise<void> => new Promise(() => undefined);

export const exitsWell = (): never => process.exit(0);

export const exitsWith1 = (): never => process.exit(1);

export const exitsWith7 = (): never => process.exit(7);

export const logsAndExits = (job: JobContext): never => {
  job.log.error('about to go', { status: 7 });
  process.exit(7);
};

export const failsOnTheSide = async (): Promise<void> => {
  setImmediate(() => {
    throw new RangeError('thrown by a timer');
  });
  await sleep(60_000);
};

export const rejectsOnTheSide = async (): Promise<void> => {
  void Promise.reject(new RangeError('rejected by nobody’s promise'));
  await sleep(60_000);
};

export const throwsText = (): never => {
  // oxlint-disable-next-line no-throw-literal, only-throw-error
  throw 'only a text';
};

export const listensForErrors = (): never => {
  process.on('uncaughtException', () => undefined);
  process.on('unhandledRejection', () => undefined);
  throw new RangeError('heard by nobody');
};

export const catchesElsewhere = async (): Promise<void> => {
  process.on('uncaughtException', () => undefined);
  setImmediate(() => {
    throw new RangeError('caught by a listener');
  });
  await sleep(50);
  process.exit(9);
};

export const writesBadOutputs = (job: JobContext): void => job.output('two words', 'x');

export const noFunction = { run: 1 };
