row = nil
row.price.total
