defmodule Shop.Price do
  def total(%{price: price}, count) when is_integer(count), do: price * count
end

Shop.Price.total(%{price: 3}, "two")
