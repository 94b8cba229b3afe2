def rows = eval("[1, 2].map { |row| row / 0 }")

Object.new.instance_eval("rows", "template.erb", 40)
