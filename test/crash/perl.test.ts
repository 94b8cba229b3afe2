import { testOrdinary, testSamples } from './corpus-samples.ts';

/** A line without a stack may as well be a warning: it is a death only where nothing follows. */
const sure =
  /^(?:confess|carp-always|croak-without-caller|syntax-error|undeclared|too-many-errors|moo-like|die-in-sort|module-|begin-block|version-too-old)(?!.*at-run)/;

testSamples({ language: 'perl', isSure: (name) => sure.test(name) });
testOrdinary('perl');
