#!/bin/sh
# The first process of the machine whose power is cut. Its disks: 1 this Debian, 2 the program, both read-only, and those
# that must not forget: 3 the spool, 4 the state, 5 the outbox.
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs -o mode=0755 run /run
mount -t tmpfs tmp /tmp
mount -o ro /dev/nvme0n2 /program
mount -t tmpfs -o mode=0755 booty /booty
mkdir /booty/etc /booty/spool /booty/lib
# Three file systems, so that the fsync of one makes nothing durable in another; and nothing gets to a disk unless
# somebody asks for it: not when a file is renamed, not after five seconds.
harsh=noauto_da_alloc,commit=300
echo 0 >/proc/sys/vm/dirty_writeback_centisecs
mount -o $harsh /dev/nvme0n3 /booty/spool &&
  mount -o $harsh /dev/nvme0n4 /booty/lib &&
  { [ -d /booty/lib/outbox ] || install -d -o booty -g booty -m 0700 /booty/lib/outbox; } &&
  mount -o $harsh /dev/nvme0n5 /booty/lib/outbox || echo 'a disk cannot be mounted'
cp /program/etc/* /booty/etc/
chown booty:booty /booty/etc/*
chmod 0600 /booty/etc/secrets.env
: >/run/marks && chmod 0666 /run/marks
stty -F /dev/ttyS1 raw -echo
# This shell reaps what the jobs leave behind.
/program/node /program/witness.mjs </dev/null
sync
umount /booty/lib/outbox /booty/lib /booty/spool
echo o >/proc/sysrq-trigger
sleep 60
