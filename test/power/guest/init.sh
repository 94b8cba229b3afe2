#!/bin/sh
# The first process of the machine whose power is cut. Its disks: 1 this Debian, 2 the program, both read-only, and those
# that must not forget: 3 the spool, 4 the state, 5 the outbox, 6 what comes in, where that is to be a mount of its own.
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs -o mode=0755 run /run
mount -t tmpfs tmp /tmp
mount -o ro /dev/nvme0n2 /program
mount -t tmpfs -o mode=0755 booty /booty
mkdir /booty/etc /booty/run
chown booty:booty /booty/run
# Several file systems, so that the fsync of one makes nothing durable in another; and nothing gets to a disk unless
# somebody asks for it: not when a file is renamed, not after five seconds.
harsh=noauto_da_alloc,commit=300
echo 0 >/proc/sys/vm/dirty_writeback_centisecs
keep() {
  mkdir -p "$2" && chown booty:booty "$2" && mount -o $harsh "/dev/nvme0n$1" "$2" || echo "no disk at $2"
  rm -rf "$2/lost+found"
}
keep 3 /booty/spool
keep 4 /booty/lib
keep 5 /booty/lib/outbox
incoming=
case $(cat /proc/cmdline) in *incoming=apart*) incoming=/booty/spool/incoming && keep 6 $incoming ;; esac
cp /program/etc/* /booty/etc/
chown booty:booty /booty/etc/*
chmod 0600 /booty/etc/secrets.env
: >/run/marks && chmod 0666 /run/marks
stty -F /dev/ttyS1 raw -echo
# This shell reaps what the jobs leave behind.
/program/node /program/witness.mjs </dev/null
sync
umount $incoming /booty/lib/outbox /booty/lib /booty/spool
echo o >/proc/sysrq-trigger
sleep 60
