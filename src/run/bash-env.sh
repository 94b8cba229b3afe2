# Read by each bash of a job that runs a script or a line (bash(1), BASH_ENV): notes which command failed last, so that a
# script that ends by `set -e` has a line in its crash. A trap on ERR of the script's own takes its place. One file for each
# depth of shells, overwritten: a script that fails in a loop fills no disk.
if [[ ${BOOTY_SHELL_FAILURE-} && ${SHLVL-} == [1-8] && ${BASH_VERSINFO[0]} -ge 5 ]]; then
  set -o errtrace
  trap '{ printf "%s\0" "$EPOCHREALTIME" "$?" "$LINENO" "$BASH_COMMAND" "${#BASH_SOURCE[@]}" "${BASH_SOURCE[@]}" "${BASH_LINENO[@]}" "${FUNCNAME[@]}" >|"$BOOTY_SHELL_FAILURE-$SHLVL"; } 2>/dev/null' ERR
fi
