raise "bad row"
