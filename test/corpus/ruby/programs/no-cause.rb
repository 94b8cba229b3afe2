begin
  Integer("apple")
rescue ArgumentError => error
  raise IOError, "no price", cause: nil
end
