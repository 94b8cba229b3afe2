def load = require_relative("nosuch")
load
