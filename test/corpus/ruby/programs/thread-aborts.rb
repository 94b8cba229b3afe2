Thread.abort_on_exception = true
def load(row)
  Integer("x#{row}")
rescue ArgumentError
  raise "bad row"
end
Thread.new { load(7) }
sleep 5
