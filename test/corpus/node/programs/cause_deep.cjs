function open() {
  throw Object.assign(new Error('socket closed\nby the peer'), { code: 'ECONNRESET', errno: -104 });
}
function query() {
  try {
    open();
  } catch (cause) {
    throw new TypeError('no answer', { cause });
  }
}
function load() {
  try {
    query();
  } catch (cause) {
    throw Object.assign(new Error('cannot load', { cause }), { row: 7, file: 'prices.csv' });
  }
}
function main() {
  try {
    load();
  } catch (cause) {
    throw new Error('the job failed', { cause });
  }
}
main();
