-module(job).
-export([main/0, main/1, start/0]).
main() -> lists:map(fun(N) -> 6 div (N - 2) end, [1, 2, 3]).
main(_) -> {ok, _} = file:consult("/srv/job/missing.conf").
start() -> exit(bad_start).
