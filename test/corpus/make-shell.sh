#!/bin/sh
# Makes the samples of test/corpus/shell by letting real scripts die below /srv/job. Needs bash, dash and busybox.
set -u
here=$(dirname -- "$(readlink -f -- "$0")")/shell
[ ! -e /srv/job ] || { echo '/srv/job is there already' >&2; exit 1; }
trap 'rm -rf /srv/job' EXIT
mkdir -p /srv/job
cp "$here"/programs/* /srv/job/
cd /srv/job
bash=bash$(bash --version | sed -n '1s/.*version \([0-9]*\.[0-9]*\).*/\1/p')
zsh=zsh$(zsh --version | sed 's/^zsh \([0-9]*\.[0-9]*\).*/\1/')

# die SAMPLE COMMAND…: without those of which the shell makes nothing. Not as root, who may do anything.
die() {
  sample=$1
  shift
  if PATH=/usr/bin:/bin LC_ALL=C setpriv --reuid=65534 --clear-groups --inh-caps=-all "$@" 2>"$here/$sample.txt" >/dev/null
  then
    rm "$here/$sample.txt"
  fi
}

chmod 777 .
for script in *.sh; do
  name=${script%.sh}
  die "$name.$bash" bash "$script"
  die "$name-path.$bash" bash "/srv/job/$script"
  die "$name.dash" dash "$script"
  die "$name.busybox" busybox sh "$script"
  cp "$script" "$name.zsh"
  die "$name.$zsh" zsh "$name.zsh"
done
die "inline.$bash" bash -c 'no_such_loader /data/in.csv'
die inline.dash sh -c 'no_such_loader /data/in.csv'
printf '#!/bin/bash\nkill -SEGV $$\n' >crash && chmod +x crash
printf 'set -e\n./crash\necho never\n' >segmentation-fault.sh
die "segmentation-fault.$bash" bash segmentation-fault.sh
die segmentation-fault.dash dash segmentation-fault.sh
die segmentation-fault.busybox busybox sh segmentation-fault.sh
bash --version | head -n 1
dpkg-query -W dash busybox
