error = ValueError("bad row")
error.add_note("while loading prices.csv")
error.add_note("row 7\nof 12")
raise error
