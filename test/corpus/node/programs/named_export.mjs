import { nope } from 'node:fs';
nope();
