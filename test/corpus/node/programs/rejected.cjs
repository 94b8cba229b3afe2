async function load() {
  await null;
  throw new Error('in a promise');
}
load();
