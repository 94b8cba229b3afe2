def load(row)
  Integer(row)
rescue ArgumentError => error
  raise error.class, "row: #{error.message}", error.backtrace
end
load("apple")
