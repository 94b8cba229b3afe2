#!/bin/sh
# Makes the samples of test/corpus/tcl anew, where tclsh is installed. Runs below /srv/job, which must not be there yet.
set -eu
here=$(cd "$(dirname "$0")/tcl" && pwd)
mkdir /srv/job
trap 'rm -rf /srv/job' EXIT
cp "$here"/programs/*.tcl /srv/job/
cd /srv/job
for program in *.tcl; do
  [ "$program" = lib.tcl ] && continue
  tclsh "/srv/job/$program" </dev/null 2>"$here/${program%.tcl}.txt" >/dev/null || :
done
echo "Printed by tclsh $(echo 'puts [info patchlevel]' | tclsh), by make-tcl.sh." >"$here/README"
