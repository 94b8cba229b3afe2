throw({:row, 7})
