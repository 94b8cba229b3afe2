def load(row
  row +
end
