import { readShell } from '../../src/crash/readers/shell.ts';
import { testOrdinary, testSamples } from './compiled-samples.ts';

testSamples('shell', [readShell], /./);
testOrdinary('shell', 25);
