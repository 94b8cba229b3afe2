defmodule Sum do
  def add(list), do: Enum.reduce(list, 0, fn x, acc -> x + acc end)
end

Sum.add([1, nil])
