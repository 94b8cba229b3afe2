import assert from 'node:assert/strict';
assert.deepEqual({ rows: 1 }, { rows: 2 });
