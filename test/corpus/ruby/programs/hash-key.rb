require "json"
prices = JSON.parse('{"apple": {"price": 7}}', symbolize_names: true)
puts prices.fetch(:apple).fetch(:prise)
