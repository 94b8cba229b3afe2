import { testLikeSdk } from './sdk.ts';
import { differences } from './sdk-differences/node.ts';

testLikeSdk('node', differences, ['heap-cjs', 'path-mjs'], /^node\d/);
