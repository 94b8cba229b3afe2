class Loader {
  constructor(rows) {
    this.rows = rows.map((row) => this.#read(row));
  }
  #read(row) {
    return Loader.parse(row);
  }
  static parse(row) {
    return eval('(() => { throw new Error("in eval " + row); })()');
  }
}
const make = { 'a rule': () => new Loader([1]) };
process.on('exit', function () {});
process.nextTick(function () {
  [1].forEach(() => make['a rule']());
});
