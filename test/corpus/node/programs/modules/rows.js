exports.load = function load() {
  throw new Error('in a library');
};
