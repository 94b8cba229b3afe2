at_exit { $stderr.print $!.full_message(highlight: false, order: :bottom); $stderr.flush; exit!(1) }
def price(name)
  raise KeyError, "no price for #{name}"
end

def load(name)
  price(name)
rescue KeyError
  raise ArgumentError, "bad row"
end

load("apple")
