at_exit { $stderr.print $!.full_message(highlight: false, order: :bottom); $stderr.flush; exit!(1) }
def price(name)
  Integer(name)
rescue ArgumentError
  raise KeyError, "no price for #{name}"
end

def load(name)
  price(name)
rescue KeyError
  raise IOError, "bad row"
end

begin
  load("apple")
rescue IOError
  raise "no shop"
end
