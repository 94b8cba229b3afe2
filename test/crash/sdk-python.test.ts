import { testLikeSdk } from './sdk.ts';
import { differences } from './sdk-differences/python.ts';

testLikeSdk(
  'python',
  differences,
  ['fatal_segfault', 'fatal_threads', 'fatal_timeout', 'ignored_only', 'process', 'system_exit'],
  /^python\d/,
);
