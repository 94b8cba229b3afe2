import { setTimeout as sleep } from 'node:timers/promises';
setInterval(function tick() {
  throw new Error('in a timer');
}, 1);
await sleep(50);
