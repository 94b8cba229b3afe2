#!/bin/sh
# Makes the samples of test/corpus/ruby anew, where ruby and Debian's ruby-sentry-ruby are installed. Runs as root below
# /srv/job, on a file system that nobody else sees. ONLY='NAME NAME': only these programs.
set -eu
[ "${ALONE:-}" ] || ALONE=yes exec unshare --mount "$0"
mount -t tmpfs none /srv
here=$(cd "$(dirname "$0")/ruby" && pwd)
mkdir /srv/job /srv/sdk
cp -r "$here"/programs/* /srv/job/
mv /srv/job/sentry/recorder.rb /srv/sdk/
export LANG=C.UTF-8
cd /srv/job

# What differs from one run to the next.
same() { sed -E 's/0x[0-9a-f]{16}/0x00007f0000000000/g'; }

# What the SDK of Sentry sends, in a run of its own.
send() {
  name=$1
  shift
  rm -f /srv/sdk/events "$here/$name.sdk.json"
  SENTRY_EVENTS=/srv/sdk/events RUBYOPT=-r/srv/sdk/recorder.rb ruby "$@" </dev/null >/dev/null 2>&1 || :
  [ ! -e /srv/sdk/events ] || same </srv/sdk/events >"$here/$name.sdk.json"
}

for program in *.rb; do
  name=${program%.rb}
  case " ${ONLY:-$name} " in *" $name "*) ;; *) continue ;; esac
  { ruby "/srv/job/$program" </dev/null 2>&1 >/dev/null || :; } | same >"$here/$name.txt"
  send "$name" "/srv/job/$program"
done
[ -z "${ONLY:-}" ] || exit 0
for name in causes many-lines no-method nested-blocks; do
  { ruby --backtrace-limit=1 "/srv/job/$name.rb" </dev/null 2>&1 >/dev/null || :; } | same >"$here/limited-$name.txt"
  script -qec "ruby /srv/job/$name.rb" /dev/null </dev/null | same >"$here/terminal-$name.txt" || :
done
for target in rows db:migrate nope '--trace rows'; do
  name=rake-$(echo "$target" | tr -c 'a-z\n' - | sed 's/^-*//')
  # shellcheck disable=SC2086
  { rake $target 2>&1 >/dev/null || :; } | same >"$here/$name.txt"
done
ruby /srv/job/no-such-file.rb 2>"$here/no-script.txt" || :
ruby -e 'raise "bad row"' 2>"$here/one-liner.txt" || :
send one-liner -e 'raise "bad row"'
{
  echo "Printed by $(ruby --version), by make-ruby.sh."
  echo "The .sdk.json: sentry-ruby $(ruby -e 'require "sentry-ruby"; puts Sentry::VERSION')."
} >"$here/README"
