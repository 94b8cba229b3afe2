require "set"
rows = Set.new([[1, "a"], [nil, 2]])
rows.sort_by { |row, name| row <=> 1 }.each { |row| puts row.fetch(0).nonexistent }
