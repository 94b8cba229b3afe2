:erlang.error({:bad_row, 7})
