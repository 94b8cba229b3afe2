# Sets $node for the script that reads this file, which has set $home: the directory that holds bin/ and runtime/.
# The packages that Booty stands on need this Node.js or a later one.
required=26
case $(uname -m) in
  x86_64) arch=x64 ;;
  aarch64 | arm64) arch=arm64 ;;
  *) arch=unknown ;;
esac
node=
for candidate in "${BOOTY_NODE:-}" "$home/runtime/node_modules/node-linux-$arch/bin/node" "$home/runtime/bin/node"; do
  if [ -n "$candidate" ] && [ -x "$candidate" ]; then node=$candidate; break; fi
done
if [ -z "$node" ] && command -v node >/dev/null 2>&1; then
  major=$(node -p 'process.versions.node.split(".")[0]')
  if [ "$major" -ge "$required" ]; then node=$(command -v node); fi
fi
if [ -z "$node" ]; then
  echo "booty: no Node.js $required or later: none on PATH, and none under $home/runtime. In a checkout, 'make setup' fetches one." >&2
  exit 70
fi
