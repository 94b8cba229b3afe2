#!/bin/sh
# Makes test/corpus/node/*.txt and *.sdk.json anew with the Node.js of this checkout; with NODE20, the program of another
# one, some for that one too. Run by hand, as root. Everything runs in /srv/job, on a file system that nobody else sees.
# ONLY='NAME NAME': only these programs.
set -eu
[ "${ALONE:-}" ] || ALONE=yes exec unshare --mount "$0"
mount -t tmpfs none /srv
cd "$(dirname "$0")/node"
home=$(cd ../../.. && pwd -P)
. "$home/bin/find-node.sh"
job=/srv/job
mkdir $job
cp programs/*.mjs programs/*.cjs programs/*.mts $job/
mkdir -p $job/node_modules/rows
cp programs/modules/rows.js $job/node_modules/rows/index.js

record() { # NODE FILE NAME
  flags=
  case $2 in heap*) flags=--max-old-space-size=24 ;; esac
  (cd $job && timeout 30 "$1" $flags $job/"$2" >/dev/null 2>stderr) || true
  sed -E "s#\[[^]]*/node(-[^]]*)?\]#[node]#; s#^[^ ]*/node\[#node[#; s/^<--- /<--- /" $job/stderr >"$3.txt"
}

for program in programs/*.mjs programs/*.cjs programs/*.mts; do
  file=$(basename "$program")
  name=$(echo "$file" | tr . -)
  [ "$file" = broken.mjs ] && continue
  case " ${ONLY:-$name} " in *" $name "*) ;; *) continue ;; esac
  record "$node" "$file" "$name"
  rm -f $job/events "$name.sdk.json"
  case $file in heap*) continue ;; esac
  (cd $job && SENTRY_EVENTS=$job/events timeout 30 "$node" --import "$home/test/corpus/node/programs/sentry/record.mjs" "$job/$file" >/dev/null 2>&1) || true
  if [ -s $job/events ]; then "$node" -e '
const lines = require("node:fs").readFileSync(process.argv[1], "utf8").trim().split("\n");
const text = JSON.stringify(lines.map((line) => JSON.parse(line)), null, 1);
console.log(text.replaceAll(process.argv[2], "/srv/sdk"));' $job/events "$(readlink -f "$home/node_modules")" >"$name.sdk.json"; fi
done
if [ -n "${NODE20:-}" ]; then
  for file in simple.mjs cause_deep.cjs aggregate.mjs emitted.cjs frames.cjs thrown_object.cjs rejected_string.mjs heap.cjs not_found.mjs syntax.cjs; do
    record "$NODE20" "$file" "node20-$(echo "$file" | tr . -)"
  done
fi
"$node" -p '`Without a version in their names: Node.js ${process.version}; .sdk.json: @sentry/node ${require(process.argv[1]).version}.`' "$home/node_modules/@sentry/node/package.json" >README
if [ -n "${NODE20:-}" ]; then "$NODE20" -p '`node20: ${process.version}.`' >>README; fi
