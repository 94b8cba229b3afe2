def mean(sum, count) = sum / count
puts mean(7, 0)
