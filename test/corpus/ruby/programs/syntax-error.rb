def load(row)
  row.each do |part|
    puts part
end
load([7])
