#!/bin/sh
# Makes test/corpus/csharp/mono-*.txt anew: the last words of a C# program under Mono, run below /srv/job.
# Needs root and Debian's mono-runtime, mono-mcs and libmono-system-core4.0-cil. (.NET itself is not in Debian: what
# the dotnet-*.txt were recorded from is in csharp/README.)
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/csharp" && pwd)
mkdir /srv/job
trap 'rm -rf /srv/job' EXIT
cp "$here/programs/Load.cs" /srv/job
cd /srv/job
export LANG=C.UTF-8 LC_ALL=C.UTF-8 HOME=/srv/job
ulimit -c 0
mcs -debug -out:debug.exe Load.cs
mcs -out:bare.exe Load.cs

# words NAME COMMAND...: what the command said on stderr, or else on stdout.
words() {
  name=$1
  shift
  "$@" >out 2>err </dev/null && echo "$name ended well" >&2
  if [ -s err ]; then cp err "$here/$name.txt"; else cp out "$here/$name.txt"; fi
}

for how in plain message nested generic ctor initializer iterator async aggregate file thread null; do
  words "mono-$how" mono --debug debug.exe $how
done
words mono-bare mono bare.exe nested
