#!/bin/sh
# Makes the samples of test/corpus/rust by letting real programs die below /srv/job. Needs rustc, in as many versions as
# there are: make-rust.sh /usr/bin/rustc ~/.cargo/bin/rustc
set -u
here=$(dirname -- "$(readlink -f -- "$0")")/rust
[ ! -e /srv/job ] || { echo '/srv/job is there already' >&2; exit 1; }
build=$(mktemp -d)
trap 'rm -rf /srv/job "$build"' EXIT
mkdir -p /srv/job/src
cp "$here"/programs/*.rs /srv/job/src/
cd /srv/job
ulimit -c 0

# die SAMPLE RUST_BACKTRACE ARGUMENT…: of the program that was built last.
die() {
  sample=$1 backtrace=$2
  shift 2
  RUST_BACKTRACE=$backtrace "$build/job" "$@" >"$build/out" 2>"$here/$sample.$version.txt" && echo "$sample did not die" >&2
}

for rustc in "$@"; do
  version=rust$("$rustc" --version | sed 's/^rustc \([0-9]*\.[0-9]*\).*/\1/')
  build() { "$rustc" --edition 2021 -A warnings -o "$build/job" "$@" || exit 1; }
  for source in src/*.rs; do
    build -g "$source"
    name=$(basename "$source" .rs)
    die "$name" 0
    case $name in
      main-anyhow) die "$name-one" 0 one ;;
      index | unwrap-err | closure | thread | panic-while-panicking | overflow)
        die "$name-backtrace" 1
        die "$name-full" full
        ;;
    esac
  done
  build -O -C strip=debuginfo src/index.rs
  die index-release-backtrace 1
  build -O -C strip=symbols src/index.rs
  die index-stripped-backtrace 1
  build -g -C panic=abort src/index.rs
  die index-abort 0
  "$rustc" --version
done
