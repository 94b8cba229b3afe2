def load(row) = raise(ArgumentError, "bad row #{row}")
thread = Thread.new { load(7) }
thread.join
