import { testOrdinary, testSamples } from './corpus-samples.ts';

testSamples({ language: 'tcl', isSure: () => true });
testOrdinary('tcl');
