{:ok, row} = Enum.find([{:error, :enoent}], fn _ -> true end)
IO.inspect(row)
