import { testOrdinary, testSamples } from './corpus-samples.ts';

testSamples({ language: 'php', isSure: () => true });
testOrdinary('php');
