#!/bin/sh
# Makes the samples of test/corpus/go by letting real programs die below /srv/job. Needs Go, in as many versions as there
# are: make-go.sh /usr/lib/go-1.19/bin/go /usr/lib/go-1.24/bin/go; what the SDK of Sentry sends is recorded with the first of
# them, where Debian's golang-github-getsentry-sentry-go-dev is installed. SENTRY_ONLY=yes records that alone.
set -eu
here=$(dirname -- "$(readlink -f -- "$0")")/go
[ ! -e /srv/job ] || { echo '/srv/job is there already' >&2; exit 1; }
build=$(mktemp -d)
trap 'rm -rf /srv/job "$build"' EXIT
mkdir /srv/job
cp -R "$here/programs/." /srv/job/
cd /srv/job
GOTOOLCHAIN=local GOFLAGS=-mod=mod GO111MODULE=off
export GOTOOLCHAIN GOFLAGS GO111MODULE

# die SAMPLE GOTRACEBACK SOURCE FLAG…
die() {
  sample=$1 traceback=$2 source=$3
  shift 3
  "$go" build -o "$build/job" "$@" "$source"
  if GOTRACEBACK=$traceback "$build/job" >"$build/out" 2>"$here/$sample.$version.txt"; then
    echo "$sample did not die" >&2
    exit 1
  fi
}

# The same program with Sentry built in; no line of it moves.
send() {
  name=$1
  mkdir -p "$build/sentry"
  cp sentry/recorder.go "$build/sentry/"
  sed 's/^func main() {/func main() { defer recordPanic()/' "$name.go" >"$build/sentry/$name.go"
  rm -f "$build/events" "$here/$name.$version.sdk.json"
  (cd "$build/sentry" && GOPATH=/usr/share/gocode "$go" build -o "$build/sent" "$name.go" recorder.go)
  SENTRY_EVENTS=$build/events timeout 10 "$build/sent" >/dev/null 2>&1 || true
  rm "$build/sentry/$name.go"
  [ ! -e "$build/events" ] || sed "s#$build/sentry/#/srv/job/#; s/0x[0-9a-f]\{6,\}/0xc000010000/" "$build/events" >"$here/$name.$version.sdk.json"
}

if [ -d /usr/share/gocode/src/github.com/getsentry/sentry-go ]; then
  go=$1
  version=go$("$go" env GOVERSION | sed 's/^go\([0-9]*\.[0-9]*\).*/\1/')
  for source in *.go; do send "${source%.go}"; done
  [ -z "${SENTRY_ONLY:-}" ] || exit 0
fi

for go in "$@"; do
  version=go$("$go" env GOVERSION | sed 's/^go\([0-9]*\.[0-9]*\).*/\1/')
  for source in *.go; do die "${source%.go}" single "$source"; done
  die many-goroutines-all all many-goroutines.go
  die nil-pointer-system system nil-pointer.go
  die index-crash crash index.go
  die index-none none index.go
  die index-trimmed single index.go -trimpath
  "$go" run index.go 2>"$here/go-run.$version.txt" && exit 1 || true
  (
    cd vendored
    GO111MODULE=on
    GOFLAGS=-mod=vendor
    die vendored single .
  )
  "$go" version
done
