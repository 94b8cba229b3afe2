# The first process of the machine whose jobs are held to limits: a Debian kernel with cgroup v2, and nothing else in it.
mount -t sysfs sys /sys
mount -t cgroup2 -o nsdelegate cgroup2 /sys/fs/cgroup
mount -t tmpfs -o mode=0755 run /run
mount -t tmpfs tmp /tmp
mount -t tmpfs -o mode=0755 booty /booty
mkdir -p /booty/etc /booty/run /booty/spool /booty/lib
# The jobs' directories are on a disk, so that its input and output can be limited.
mount /dev/nvme0n3 /booty/lib
rm -rf /booty/lib/lost+found
cp /program/booty.yaml /booty/etc/
chown -R booty:booty /booty
stty -F /dev/ttyS1 raw -echo
/program/node /program/keeper.mjs </dev/null
echo o >/proc/sysrq-trigger
sleep 60
