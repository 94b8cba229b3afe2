#!/usr/bin/env escript
-module(load).
-mode(compile).
main(["error"]) -> lists:foreach(fun row/1, [1, 7]);
main(["badmatch"]) -> {ok, _} = file:open("/srv/job/missing.csv", [read]);
main(["undef"]) -> missing:run(1);
main(["throw"]) -> throw({row, 7});
main(["exit"]) -> exit({no_rows, "the file is\nempty"});
main(["clause"]) -> row(x, 3);
main(["badarg"]) -> list_to_integer("seven");
main(["badarith"]) -> 1 / length([]).
row(7) -> error({bad_row, 7});
row(N) -> N.
row(N, M) when N > M, is_integer(N) -> N.
