function read(row) {
  throw new RangeError(`no price in row ${row}`);
}
function load(row) {
  try {
    read(row);
  } catch (error) {
    throw new Error('cannot load', { cause: error });
  }
}
load(7);
