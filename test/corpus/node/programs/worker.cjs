const { Worker, isMainThread } = require('node:worker_threads');
if (isMainThread) new Worker(__filename);
else throw new Error('in a worker', { cause: new Error('below') });
