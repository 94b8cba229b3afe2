begin
  Integer("x")
rescue ArgumentError => e
  raise SystemCallError.new("load", 2)
end
