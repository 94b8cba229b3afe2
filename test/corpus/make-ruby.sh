#!/bin/sh
# Makes the samples of test/corpus/ruby anew, where ruby is installed. Runs below /srv/job, which must not be there yet.
set -eu
here=$(cd "$(dirname "$0")/ruby" && pwd)
mkdir /srv/job
trap 'rm -rf /srv/job' EXIT
cp -r "$here"/programs/* /srv/job/
cd /srv/job
for program in *.rb; do
  LANG=C.UTF-8 ruby "/srv/job/$program" </dev/null 2>"$here/${program%.rb}.txt" >/dev/null || :
done
ruby /srv/job/no-such-file.rb 2>"$here/no-script.txt" || :
ruby -e 'raise "bad row"' 2>"$here/one-liner.txt" || :
echo "Printed by $(ruby --version), by make-ruby.sh." >"$here/README"
