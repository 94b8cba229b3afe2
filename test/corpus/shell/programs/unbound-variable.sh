set -eu
echo loading
echo "$NO_SUCH_ROWS"
