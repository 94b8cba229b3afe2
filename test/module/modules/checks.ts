import { defineVerifier, type VerifierContext } from 'booty';

export const accepts = defineVerifier((job) => {
  job.log.info('looking', job.pipeline?.outputs);
  if (job.pipeline?.outputs.rows !== '3') throw new Error(`it sees ${JSON.stringify(job.pipeline)}`);
});

export const rejects = defineVerifier((job) => {
  job.reject('too few rows:\n only 3');
  job.reject('another reason');
});

export const fails = defineVerifier(() => {
  throw new TypeError('the check itself is broken');
});

export const failsAfterRejecting = defineVerifier((job) => {
  job.reject('too few rows');
  throw new TypeError('the check broke afterwards');
});

export const answersOtherwise = (_job: VerifierContext): boolean => false;

export const exitsWith1 = (): never => process.exit(1);

export const exitsWell = (): never => process.exit(0);
