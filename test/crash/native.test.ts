import { readAbort } from '../../src/crash/readers/abort.ts';
import { readSanitizer } from '../../src/crash/readers/sanitizer.ts';
import { testOrdinary, testSamples } from './compiled-samples.ts';

testSamples('native', [readAbort, readSanitizer], /^ubsan-/);
testOrdinary('native', 25);
