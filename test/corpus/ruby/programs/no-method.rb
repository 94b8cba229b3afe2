def load(row)
  row.price.total
end

load(Struct.new(:price).new(nil))
