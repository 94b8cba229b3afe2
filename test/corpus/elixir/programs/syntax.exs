defmodule Load do
  def run( do: 1
end
