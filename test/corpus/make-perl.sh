#!/bin/sh
# Makes the samples of test/corpus/perl anew, where perl is installed. Runs below /srv/job, which must not be there yet.
set -eu
here=$(cd "$(dirname "$0")/perl" && pwd)
mkdir /srv/job
trap 'rm -rf /srv/job' EXIT
cp -r "$here"/programs/* /srv/job/
cd /srv/job
for program in *.pl; do
  printf 'a\nb\nc\n' | perl "/srv/job/$program" 2>"$here/${program%.pl}.txt" >/dev/null || :
done
echo "Printed by perl $(perl -e 'print $^V'), by make-perl.sh." >"$here/README"
