import { readDotnet } from '../../src/crash/readers/dotnet.ts';
import { testDamage, testOrdinary, testSamples } from './corpus-cases.ts';

testSamples('csharp');
testOrdinary('csharp');
testDamage('csharp', [readDotnet]);
