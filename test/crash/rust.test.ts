import { readRust } from '../../src/crash/readers/rust.ts';
import { testOrdinary, testSamples } from './compiled-samples.ts';

testSamples('rust', [readRust], /^main-(?:boxed|io|enum|string)-error\./);
testOrdinary('rust', 25);
