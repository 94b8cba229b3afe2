set -e
. ./command-not-found.sh
