def price(name)
  raise KeyError, "no price for #{name}"
end

def load(name)
  price(name)
rescue KeyError
  raise ArgumentError, "bad row"
end

load("apple")
