defmodule Worker do
  use GenServer
  def init(state), do: {:ok, state}
  def handle_call(:load, _from, _state), do: raise(ArgumentError, "bad row")
end

{:ok, pid} = GenServer.start(Worker, nil)
GenServer.call(pid, :load)
