set -e
load() {
  no_such_loader /data/in.csv
}
echo loading
load
