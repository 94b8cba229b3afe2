const { EventEmitter } = require('node:events');
class Loader extends EventEmitter {}
new Loader().emit('error', new Error('nobody listens'));
