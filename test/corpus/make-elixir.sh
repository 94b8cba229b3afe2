#!/bin/sh
# Makes test/corpus/elixir/*.txt anew: the last words of Elixir and Erlang programs, run below /srv/job.
# Needs root and Debian's elixir and erlang-base.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/elixir" && pwd)
mkdir /srv/job
trap 'rm -rf /srv/job' EXIT
cp -r "$here/programs/." /srv/job
cd /srv/job
export LANG=C.UTF-8 LC_ALL=C.UTF-8 HOME=/srv/job
ulimit -c 0

# words NAME COMMAND...: what the command said on stderr, or else on stdout.
words() {
  name=$1
  shift
  "$@" >out 2>err </dev/null && echo "$name ended well" >&2
  if [ -s err ]; then cp err "$here/$name.txt"; else cp out "$here/$name.txt"; fi
}

for program in raise clause match undefined arithmetic erlang_error throw exit custom genserver linked task syntax compile file; do
  words "elixir-$program" elixir $program.exs
done
words elixir-eval elixir -e 'Enum.fetch!([1], 3)'
(
  cd shop
  mix compile >/dev/null 2>&1
  words mix-run mix run -e 'Shop.run("/srv/job/missing.csv")'
  words mix-nested mix run -e 'Shop.nested()'
  words mix-no-task mix missing
)
for how in error badmatch undef throw exit clause badarg badarith; do
  words "escript-$how" escript load.escript $how
done
words escript-interpreted escript interpreted.escript error
words escript-no-main escript load.escript nothing
export ERL_CRASH_DUMP=/dev/null ERL_CRASH_DUMP_SECONDS=0
erlc job.erl
words erl-run erl -noinput -s job main -s init stop
words erl-run-arguments erl -noinput -run job main x -s init stop
words erl-exit erl -noinput -s job start
words erl-eval erl -noinput -eval 'lists:nth(3, [1])' -s init stop
words erl-undef erl -noinput -s missing main
{
  echo "Made by ../make-elixir.sh with"
  echo "Elixir $(dpkg-query -W -f '${Version}' elixir), Erlang $(dpkg-query -W -f '${Version}' erlang-base)"
} >"$here/README"
