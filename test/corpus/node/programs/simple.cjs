function load() {
  throw new TypeError('bad row');
}
load();
