set -e
touch loader
./loader
