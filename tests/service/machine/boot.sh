# Becomes a small machine: run as the first process of namespaces of its own, which share only the
# network with the rest. All that is written stays in $1 and is gone with the machine.
# $1: an empty folder, $2: Python, $3: its packages, $4: the code

set -eu
mount -t tmpfs machine "$1"
mkdir "$1/changed" "$1/scratch" "$1/root"
mount -t overlay machine -o "lowerdir=/,upperdir=$1/changed,workdir=$1/scratch" "$1/root"
cd "$1/root"

mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t tmpfs -o mode=755 tmpfs sys/fs/cgroup
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom tty; do
    touch "dev/$device"
    mount --bind "/dev/$device" "dev/$device"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
mount -t tmpfs -o mode=1777 tmpfs dev/shm

# A service with ProtectHome sees nothing of where developers keep these.
mkdir -p opt/python opt/packages opt/code
mount --bind "$2" opt/python
mount --bind "$3" opt/packages
mount --bind "$4" opt/code

# Of all that a machine starts, only the targets, and the journal.
units=usr/lib/systemd/system
mkdir -p chosen/sockets.target.wants chosen/sysinit.target.wants
for name in basic exit final local-fs multi-user network network-online paths shutdown slices \
    sockets swap sysinit timers umount; do
    cp "$units/$name.target" chosen
done
cp "$units"/systemd-journald*.* chosen
ln -s ../systemd-journald.socket chosen/sockets.target.wants
ln -s ../systemd-journald.service chosen/sysinit.target.wants
rm -rf "$units" usr/lib/systemd/system-generators etc/systemd/system
mv chosen "$units"
mkdir -p etc/systemd/system

mkdir old
pivot_root . old
umount -l old
mount --make-rshared /  # as systemd expects of whatever starts it
exec env -i container=chinwag PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --unit=multi-user.target
