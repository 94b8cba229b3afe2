proc load_rows {row} {
    error "bad rows:
  apple
  pear"
}
if {1} {
    load_rows 7
}
