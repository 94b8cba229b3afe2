import { readGo } from '../../src/crash/readers/go.ts';
import { testOrdinary, testSamples } from './compiled-samples.ts';

testSamples('go', [readGo], /^(?:goexit|index-none)\./);
testOrdinary('go', 25);
