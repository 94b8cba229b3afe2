defmodule Shop.MixProject do
  use Mix.Project
  def project, do: [app: :shop, version: "0.3.1", elixir: "~> 1.14"]
end
