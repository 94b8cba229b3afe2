at_exit { $stderr.print $!.full_message(highlight: false, order: :bottom); $stderr.flush; exit!(1) }
def load(row)
  raise ArgumentError, "bad rows:\n  apple\n\n  pear (KeyError)\nand more"
end

load(7)
