case { price: nil }
in { price: Integer } then puts "ok"
end
