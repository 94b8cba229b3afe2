def load = raise(Class.new(StandardError), "bad row")
load
