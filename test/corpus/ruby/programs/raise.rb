def load(row)
  raise ArgumentError, "bad row #{row}"
end

[7].each { |row| load(row) }
