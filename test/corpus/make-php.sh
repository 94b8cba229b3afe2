#!/bin/sh
# Makes the samples of test/corpus/php anew, where php is installed. Runs below /srv/job, which must not be there yet.
set -eu
here=$(cd "$(dirname "$0")/php" && pwd)
mkdir /srv/job
trap 'rm -rf /srv/job' EXIT
cp -r "$here"/programs/* /srv/job/
cd /srv/job
log='-d log_errors=1 -d display_errors=0'
show='-d log_errors=0 -d display_errors=1'
for program in *.php; do
  php $log "/srv/job/$program" </dev/null 2>"$here/${program%.php}.txt" >/dev/null || :
  php $show "/srv/job/$program" </dev/null >"$here/${program%.php}-shown.txt" 2>/dev/null || :
done
for program in exception chained memory parse-error; do
  php -d log_errors=1 -d display_errors=stderr "/srv/job/$program.php" </dev/null 2>"$here/$program-both.txt" >/dev/null || :
done
for program in exception chained memory warned-then-died; do
  php $log -d error_log=/dev/stderr "/srv/job/$program.php" </dev/null 2>"$here/$program-stamped.txt" >/dev/null || :
done
for program in methods type-error anonymous-class; do
  php -d log_errors=0 -d display_errors=1 -d zend.exception_ignore_args=0 "/srv/job/$program.php" >"$here/$program-arguments.txt" || :
done
php $log -r 'throw new Exception("bad row");' 2>"$here/one-liner.txt" || :
echo "Printed by $(php --version | head -n 1), by make-php.sh." >"$here/README"
