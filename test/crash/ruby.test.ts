import { testOrdinary, testSamples } from './corpus-samples.ts';

testSamples({ language: 'ruby', isSure: () => true });
testOrdinary('ruby');
