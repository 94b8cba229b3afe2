exit({:no_rows, 7})
