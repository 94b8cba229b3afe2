#!/bin/sh
# Makes test/corpus/java/*.txt anew: the last words of Java, Kotlin and Scala programs, run below /srv/job.
# Needs root, Debian's openjdk-17-jdk-headless, kotlin and scala; JDK25 names a JDK 25, if there is one.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/java" && pwd)
jdk17=${JDK17:-/usr/lib/jvm/java-17-openjdk-amd64}
jdk25=${JDK25:-/usr/lib/jvm/temurin-25-jdk-amd64}
mkdir /srv/job
trap 'rm -rf /srv/job' EXIT
cp -r "$here/programs/." /srv/job
cd /srv/job
export LANG=C.UTF-8 LC_ALL=C.UTF-8
ulimit -c 0

# words NAME COMMAND...: what the command said on stderr, or else on stdout.
words() {
  name=$1
  shift
  rm -f hs_err_pid*.log
  "$@" >out 2>err </dev/null && echo "$name ended well" >&2
  if [ -s err ]; then cp err "$here/$name.txt"; else cp out "$here/$name.txt"; fi
}

# printed NAME COMMAND...: what it said on stdout, where a crashing JVM tells of it.
printed() {
  words "$@"
  cp out "$here/$1.txt"
}

all() {
  version=$1 java=$2/bin/java javac=$2/bin/javac
  rm -rf classes modules
  "$javac" -nowarn -d classes ./*.java com/acme/shop/*.java 2>/dev/null
  "$javac" -d plugins plugins/Plugin.java
  "$javac" -d modules/com.acme.job modular/module-info.java modular/com/acme/job/Main.java
  run="$java -cp classes"
  words "$version-plain" $run Plain
  words "$version-caused-by" $run com.acme.shop.Chain
  words "$version-suppressed" $run com.acme.shop.Closing
  words "$version-nested" $run Nested
  words "$version-multi-line" $run MultiLine
  words "$version-no-message" $run NoMessage
  words "$version-own-to-string" $run NoMessage odd
  words "$version-stack-overflow" $run Deep
  words "$version-out-of-memory" $java -Xmx32m -cp classes Hungry
  printed "$version-out-of-memory-on-exit" $java -Xmx32m -XX:+ExitOnOutOfMemoryError -cp classes Hungry
  printed "$version-out-of-memory-crash" $java -Xmx32m -XX:+CrashOnOutOfMemoryError -cp classes Hungry
  words "$version-initializer" $run Initial
  words "$version-initializer-again" $run Initial again
  words "$version-circular" $run Circle
  words "$version-threads" $run Threads
  words "$version-pool" $run Pool
  words "$version-completable" $run Pool async
  words "$version-reflect" $run Reflect
  words "$version-handler" $run Handler
  printed "$version-segfault" $run Segfault
  words "$version-class-loader" $run Loader
  words "$version-module" "$java" -p modules -m com.acme.job/com.acme.job.Main
  words "$version-non-ascii" $run Größe
  words "$version-source-file" "$java" Plain.java
  words "$version-no-class" "$java" -cp classes Missing
  words "$version-no-debug-info" sh -c "$javac -g:none -nowarn -d bare com/acme/shop/Chain.java && $java -cp bare com.acme.shop.Chain"
  words "$version-show-hidden" $java -XX:+UnlockDiagnosticVMOptions -XX:+ShowHiddenFrames -cp classes Nested
}

all jdk17 "$jdk17"
if [ -x "$jdk25/bin/java" ]; then
  all jdk25 "$jdk25"
  # What no version has changed is kept once.
  for new in "$here"/jdk25-*.txt; do
    if cmp -s "$new" "$here/jdk17-${new##*/jdk25-}"; then rm "$new"; fi
  done
  words jdk17-newer-class "$jdk17/bin/java" -cp classes Plain
fi
export JAVA_HOME="$jdk17" PATH="$jdk17/bin:$PATH"
kotlinc Load.kt -d kotlin.jar >kotlinc.log 2>&1 && words kotlin "$jdk17/bin/java" -cp kotlin.jar:/usr/share/java/kotlin-stdlib.jar com.acme.kotlin.LoadKt
mkdir -p scala && scalac -d scala Load.scala >scalac.log 2>&1 && words scala "$jdk17/bin/java" -cp scala:/usr/share/java/scala-library.jar com.acme.scala.Load
words groovy groovy load.groovy
cat kotlinc.log scalac.log >&2
{
  echo "Made by ../make-java.sh with"
  "$jdk17/bin/java" -version 2>&1 | tail -1
  if [ -x "$jdk25/bin/java" ]; then "$jdk25/bin/java" -version 2>&1 | tail -1; fi
  echo "Kotlin $(dpkg-query -W -f '${Version}' kotlin 2>/dev/null), Groovy $(dpkg-query -W -f '${Version}' groovy 2>/dev/null), Scala $(dpkg-query -W -f '${Version}' scala 2>/dev/null)"
} >"$here/README"
