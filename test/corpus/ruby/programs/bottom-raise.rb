at_exit { $stderr.print $!.full_message(highlight: false, order: :bottom); $stderr.flush; exit!(1) }
def load(row)
  raise ArgumentError, "bad row #{row}"
end

[7].each { |row| load(row) }
