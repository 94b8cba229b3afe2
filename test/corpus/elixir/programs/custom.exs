defmodule Shop.LoadError do
  defexception [:row]
  @impl true
  def message(%{row: row}), do: "cannot load row #{row}:\n  no price\n\nsee the log"
end

raise Shop.LoadError, row: 7
