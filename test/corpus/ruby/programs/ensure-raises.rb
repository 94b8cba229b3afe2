def load(row)
  raise ArgumentError, "bad row #{row}"
ensure
  File.open("/srv/job/no-such-directory/lock")
end
load(7)
