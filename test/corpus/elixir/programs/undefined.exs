rows = String.split("a b")
Shop.Missing.run(rows)
