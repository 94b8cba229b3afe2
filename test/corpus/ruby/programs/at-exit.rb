at_exit { raise "cannot clean up" }
raise ArgumentError, "bad row"
