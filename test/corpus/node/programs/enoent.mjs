import fs from 'node:fs';
fs.readFileSync('/srv/job/nope.csv');
