require('./nope.cjs');
