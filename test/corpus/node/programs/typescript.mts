interface Row {
  readonly price: number;
}
function load(row: Row | null): number {
  if (!row) throw new TypeError('no row' as string);
  return row.price;
}
load(null);
