def load(rows)
  rows.fetch(:prise)
end

load({ price: 7 })
