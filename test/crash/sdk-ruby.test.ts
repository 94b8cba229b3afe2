import { testLikeSdk } from './sdk.ts';
import { differences } from './sdk-differences/ruby.ts';

/** Of other orders and lengths of the same; no-script is none, and exit in at_exit takes the error from the SDK. */
testLikeSdk('ruby', differences, ['exit-in-at-exit', 'no-script'], /^(?:bottom|limited|rake|terminal)-/);
