async function load(row) {
  await null;
  throw new Error(`bad row ${row}`);
}
async function main() {
  await Promise.all([load(1), load(2)]);
}
await main();
