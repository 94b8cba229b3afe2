#!/bin/sh
# Makes the samples of test/corpus/native by letting real programs die below /srv/job. Needs gcc, g++, clang, libc++,
# llvm-symbolizer and valgrind.
set -u
here=$(dirname -- "$(readlink -f -- "$0")")/native
[ ! -e /srv/job ] || { echo '/srv/job is there already' >&2; exit 1; }
build=$(mktemp -d)
trap 'rm -rf /srv/job "$build"' EXIT
mkdir -p /srv/job/src
cp "$here"/programs/* /srv/job/src/
cd /srv/job
ulimit -c 0
gcc=gcc$(gcc -dumpversion | sed 's/\..*//')
clang=clang$(clang -dumpversion | sed 's/\..*//')

# die SAMPLE COMPILER… : the program's own words, without those of the shell that started it. ASLR off: LeakSanitizer and
# the stack's limit want it.
die() {
  sample=$1
  shift
  rm -f job
  "$@" -g -w -o job || exit 1
  if env $environment sh -c '${run:-} ./job >/dev/null 2>"$0"' "$here/$sample.txt" 2>"$build/shell"; then
    echo "$sample did not die" >&2
  fi
}

environment=
asan=-fsanitize=address
ubsan='-fsanitize=undefined -fno-sanitize-recover=all'
for name in heap-overflow use-after-free stack-overflow null-pointer recursion leak double-free invalid-free; do
  die "asan-$name.$gcc" gcc $asan "src/$name.c"
  die "asan-$name.$clang" clang $asan "src/$name.c"
done
die "ubsan-overflow.$gcc" gcc $ubsan src/overflow.c
die "ubsan-overflow.$clang" clang $ubsan src/overflow.c
die "ubsan-null-pointer.$gcc" gcc $ubsan src/null-pointer.c
environment=UBSAN_OPTIONS=print_stacktrace=1
die "ubsan-overflow-stack.$gcc" gcc $ubsan src/overflow.c
die "ubsan-overflow-stack.$clang" clang $ubsan src/overflow.c
environment=
for name in double-free invalid-free heap-corruption assertion; do die "$name.$gcc" gcc "src/$name.c"; done
die "stack-smashing.$gcc" gcc -fstack-protector-all src/stack-overflow.c
die "buffer-overflow.$gcc" gcc -O2 -D_FORTIFY_SOURCE=2 src/stack-overflow.c
for name in uncaught uncaught-own uncaught-plain uncaught-number out-of-range bad-alloc joinable-thread pure-virtual thread-in-loader; do
  die "$name.$gcc" g++ "src/$name.cpp"
  die "$name.$clang-libcxx" clang++ -stdlib=libc++ "src/$name.cpp"
done
die "assertion-cpp.$gcc" g++ src/assertion.cpp
die "checked-index.$gcc" g++ -D_GLIBCXX_ASSERTIONS src/checked-index.cpp
die "asan-stripped.$gcc" gcc $asan src/heap-overflow.c -s
die "asan-uncaught.$gcc" g++ $asan src/uncaught.cpp
for halt in 0 1; do
  environment=TSAN_OPTIONS=halt_on_error=$halt
  [ $halt = 1 ] && name=tsan-halt || name=tsan-data-race
  die "$name.$gcc" gcc -fsanitize=thread src/data-race.c
  die "$name.$clang" clang -fsanitize=thread src/data-race.c
done
environment=run='valgrind'
for name in null-pointer recursion; do die "valgrind-$name" gcc "src/$name.c"; done
die valgrind-uncaught g++ src/uncaught.cpp
gcc --version | head -n 1
clang --version | head -n 1
