#!/bin/sh
# Makes test/corpus/python/*.txt and *.sdk.json anew. Run by hand, as root, where /usr/bin/python3 is 3.11 with Debian's
# python3-sentry-sdk, and with other Pythons below PYENV (a directory with VERSION/bin/python). Everything runs in
# /srv/job, on a file system that nobody else sees. ONLY='NAME NAME': only these programs.
set -eu
[ "${ALONE:-}" ] || ALONE=yes exec unshare --mount "$0"
mount -t tmpfs none /srv
cd "$(dirname "$0")/python"
here=$(pwd)
job=/srv/job
mkdir $job
cp programs/*.py $job/
export PYTHONDONTWRITEBYTECODE=1 LANG=C.UTF-8

record() { # INTERPRETER PROGRAM NAME
  (cd $job && timeout 20 "$1" $job/"$2".py >/dev/null 2>stderr) || true
  sed -E "s#${PYENV:-/none}/[0-9.]+/lib/#/usr/lib/#g; s/0x[0-9a-f]{8,}/0x7f0000000000/g" $job/stderr >"$3.txt"
}

for program in programs/*.py; do
  name=$(basename "$program" .py)
  [ "$name" = broken ] && continue
  case " ${ONLY:-$name} " in *" $name "*) ;; *) continue ;; esac
  record /usr/bin/python3 "$name" "$name"
  rm -f $job/events
  (cd $job && PYTHONPATH=$here/programs/sentry SENTRY_EVENTS=$job/events timeout 20 /usr/bin/python3 "$job/$name.py" >/dev/null 2>&1) || true
  rm -f "$name.sdk.json"
  if [ -s $job/events ]; then /usr/bin/python3 -c '
import json, sys
print(json.dumps([json.loads(line) for line in open(sys.argv[1])], indent=1, ensure_ascii=False))' $job/events >"$name.sdk.json"; fi
done
if [ -n "${PYENV:-}" ]; then
  for version in 2.7.18 3.6.15 3.8.18 3.10.13 3.12.1 3.13.0; do
    short=$(echo $version | sed 's/\.[0-9]*$//')
    programs='old no_message'
    case $version in 3.8*) programs="$programs chain thread syntax recursion ignored" ;; esac
    case $version in 3.12*) programs="$programs carets" ;; esac
    case $version in 3.13*) programs="$programs carets group_nested remote_pool never_retrieved syntax recursion thread ignored" ;; esac
    case $version in 3.8* | 3.13*) programs="$programs fatal_segfault fatal_threads fatal_timeout tabs" ;; esac
    case $version in 3.8*) programs="$programs fatal_recursion" ;; esac
    for name in $programs; do record "$PYENV/$version/bin/python" "$name" "python$short-$name"; done
  done
fi
/usr/bin/python3 -c 'import platform, sentry_sdk; print("Without a version in their names: CPython %s; .sdk.json: sentry-sdk %s." % (platform.python_version(), sentry_sdk.VERSION))' >README
