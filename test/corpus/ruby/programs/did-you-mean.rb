def load(rows)
  rows.lenght
end

load([])
