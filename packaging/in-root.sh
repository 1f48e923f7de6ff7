#!/bin/bash
# SPDX-License-Identifier: MIT
# in-root.sh ROOT FOLDER COMMAND...: run a command as root in a Debian root, with FOLDER at /work.
#
# BESIDE: another root, to be read at /beside.
# What it writes elsewhere goes to a layer in memory and is gone with it, and so are its mounts and processes.
# It has no network but a loopback device.
set -euo pipefail
root=$1 folder=$2
shift 2
export -n CDPATH
exec unshare --mount --propagation private --net --uts --ipc --pid --fork --kill-child sh -c '
	set -e
	root=$1 folder=$2; shift 2
	hostname "${BUILD_HOST:-coloop-deb}"
	ip link set lo up
	layer=$(mktemp -d)
	mount -t tmpfs -o mode=755 layer "$layer"
	mkdir "$layer/upper" "$layer/work" "$layer/root"
	mount -t overlay -o "lowerdir=$root,upperdir=$layer/upper,workdir=$layer/work" overlay "$layer/root"
	mkdir -p "$layer/root/work"
	mount --bind "$folder" "$layer/root/work"
	if [ -n "${BESIDE:-}" ]; then
		mkdir "$layer/root/beside"
		mount --bind "$BESIDE" "$layer/root/beside"
		mount -o remount,bind,ro "$layer/root/beside"
	fi
	mount -t proc proc "$layer/root/proc"
	mount --rbind /dev "$layer/root/dev"
	mount -t tmpfs -o mode=1777 tmp "$layer/root/tmp"
	mount -t tmpfs -o mode=755 run "$layer/root/run"
	exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG="${BUILD_LANG:-C.UTF-8}" TZ="${TZ:-UTC}" \
		TERM=dumb chroot "$layer/root" "$@"' sh "$root" "$folder" "$@"
