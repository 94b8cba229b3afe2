def load(row)
  raise ArgumentError, "bad rows:\n  apple\n\n  pear (KeyError)\nand more"
end

load(7)
