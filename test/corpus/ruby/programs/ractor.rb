ractor = Ractor.new { raise ArgumentError, "bad row" }
ractor.take
