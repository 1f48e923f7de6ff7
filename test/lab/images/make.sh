#!/bin/bash
# SPDX-License-Identifier: MIT
# make.sh STACK [WHAT]: build what the lab boots, once, and print the folder that holds it.
# WHAT: image (the default), root (without what is booted), cached-root (only if it is there).
#
#   root/           the Debian root, which is also where module and addons are built
#   root.ext4       the same as a disk: dom0's (under an overlay) and the guests' (read-only)
#   xen vmlinuz vmlinux initramfs   what is booted
#   kernel-version guest-kernel-version     of dom0 and of the guests; the same unless
#                   these have a kernel of their own
#   versions        what was installed
#
# The folder's name carries a hash of everything that goes in, so a change of a
# manifest makes a new one and an old one is never half right.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
stack=$1 what=${2:-image}
manifest=$here/stack-$stack.conf
[ -f "$manifest" ] || { echo "make.sh: no stack $stack: no $manifest" >&2; exit 2; }
more= backports= kernel= config= init=
. "$manifest"

cache=${COLOOP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/coloop}
# Where guests have a kernel of their own, the manifest names what builds it, and its configuration, in
# parts that stacks share.
describe_stack() { (cd "$here" && cat "stack-$stack.conf" $config $kernel); }
# Every file of this folder goes in, except what describes the other stacks.
all_files() { find "$here" -type f ! -name 'stack-*' | LC_ALL=C sort | xargs cat; }
key() { sha256sum | cut -c1-12; }
root_key=$({ describe_stack; cat "$here/packages"; } | key)
disk_key=$({ describe_stack; all_files; } | key)
root=$cache/root-$stack-$root_key
image=$cache/image-$stack-$disk_key

say() { printf '\e[1m[image %s]\e[0m %s\n' "$stack" "$*" >&2; }

# Steps work in a folder of their own name plus .tmp and rename it when done.
make_root() {
	local mirrors mirror security packages
	mirrors=$("$here/../../setup/mirror.sh")
	read -r mirror security <<<"$mirrors"
	packages=$(grep -v '^#' "$here/packages" | grep . |
		sed "s,^linux-.*,&${backports:+/$backports}," | paste -sd,)
	say "Debian root: $suite, about two minutes and 1 GB in $root"
	rm -rf --one-file-system "$root.tmp"
	mmdebstrap --quiet --variant=minbase --include="$packages${more:+,$more}" \
		--aptopt='APT::Install-Recommends "false"' \
		--aptopt="$("$here/../../setup/apt-options.sh")" \
		--customize-hook='rm "$1/etc/apt/apt.conf.d/99mmdebstrap"' \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		"$suite" "$root.tmp" \
		"deb $mirror $suite main" ${backports:+"deb $mirror $backports main"} \
		${security:+"deb $security $suite-security main"} >&2
	[ -z "$kernel" ] || make_kernel
	mv "$root.tmp" "$root"
}

make_kernel() {
	say "the guests' kernel: about fifteen minutes"
	(cd "$here" && cat $config) >"$root.tmp/tmp/config"
	install -m 755 "$here/$kernel" "$root.tmp/tmp/kernel.sh"
	unshare --mount --propagation private sh -c '
		mount --bind /dev "$1/dev" && mount -t proc proc "$1/proc" &&
		exec chroot "$1" /tmp/kernel.sh /tmp/config' sh "$root.tmp" >&2
	rm "$root.tmp/tmp/config" "$root.tmp/tmp/kernel.sh"
}

kernel_version() { basename "$root"/lib/modules/*-amd64; }
guest_kernel_version() { basename "$root"/lib/modules/*"${kernel:+-debug}"; }

# The payload of a bzImage, found by the offsets in its setup header.
unpack_vmlinux() {
	local bz=$1 setup offset length
	setup=$(od -An -tu1 -j $((0x1f1)) -N1 "$bz")
	offset=$(od -An -tu4 -j $((0x248)) -N4 "$bz")
	length=$(od -An -tu4 -j $((0x24c)) -N4 "$bz")
	dd if="$bz" of=payload bs=1M iflag=skip_bytes,count_bytes status=none \
		skip=$(((setup + 1) * 512 + offset)) count="$length"
	case $(od -An -tx1 -N4 payload | tr -d ' ') in
	28b52ffd) zstd -qdcf payload 2>/dev/null || true ;;
	fd377a58) xz -dcf --single-stream payload 2>/dev/null || true ;;
	*) say "unknown compression of $bz"; return 1 ;;
	esac >vmlinux
	rm payload
	[ "$(od -An -tx1 -N4 vmlinux | tr -d ' ')" = 7f454c46 ]
}

make_initramfs() {
	local version=$1 module name
	mkdir -p initramfs.d/{bin,lib,dev,proc,sys,root,lower,upper}
	cp "$root/bin/busybox" initramfs.d/bin/
	install -m 755 "$here/init.initramfs" initramfs.d/init
	for name in xen-blkfront virtio_pci virtio_blk virtio_console ext4 overlay; do
		chroot "$root" modprobe -S "$version" -D "$name"
	done | awk '$1 == "insmod" && !seen[$2]++ {print $2}' | while read -r module; do
		name=$(basename "${module%.xz}")
		case $module in
		*.xz) xz -dc "$root$module" >"initramfs.d/lib/$name" ;;
		*) cp "$root$module" initramfs.d/lib/ ;;
		esac
		echo "$name" >>initramfs.d/modules
	done
	# Not compressed: unpacking would be emulated.
	(cd initramfs.d && find . | LC_ALL=C sort | cpio -o -H newc --quiet) >initramfs
	rm -r initramfs.d
}

# What is ours in the root: a layer of files, copied over a hard-linked root.
add_lab_files() {
	local tree=$1 lab=$1/usr/local/lib/lab
	mkdir -p "$lab" "$tree/etc/xen/scripts" "$tree/opt/coloop"
	gcc -Wall -Wextra -O2 -static -o "$lab/agent" "$here/agent.c"
	install -m 755 "$here/init" "$lab/init"
	cp vmlinux initramfs "$lab/"
	# With all that it needs inside; what initramfs loads is dom0's, and is refused.
	[ -z "$kernel" ] || cp "$root/boot/vmlinux-$(guest_kernel_version)" "$lab/vmlinux"
	install -m 755 "$here"/{vif-bridged,vif-managed,block-shared} "$tree/etc/xen/scripts/"
	install -m 755 "$here/power" "$tree/usr/sbin/poweroff"
	install -m 755 "$here/power" "$tree/usr/sbin/reboot"
	if [ "$init" = systemd ]; then
		hand_to_systemd "$tree"
	else
		install -m 755 "$here/coloop-wrapper" "$tree/usr/local/bin/coloop"
		install -m 755 "$here/coloop-wrapper" "$tree/usr/local/bin/coloopd"
	fi
}

# systemd is PID 1: it starts the lab's own steps and, in dom0, Xen, and of all else that Debian starts nothing.
# Coloop comes by its packages.
hand_to_systemd() {
	local tree=$1 etc=$1/etc/systemd
	touch "$tree/usr/local/lib/lab/systemd"
	rm -rf "$etc"/system/*.wants "$etc"/system/*.requires "$tree"/etc/rc?.d/S*
	mkdir -p "$etc/system/multi-user.target.wants" "$etc/system.conf.d" "$etc/network"
	install -m 644 "$here/lab.service" "$etc/system/lab.service"
	ln -s ../lab.service "$etc/system/multi-user.target.wants/lab.service"
	ln -sfn /usr/lib/systemd/system/multi-user.target "$etc/system/default.target"
	# Emulated programs start slowly; and eth0 is eth0.
	printf '[Manager]\nDefaultTimeoutStartSec=900\n' >"$etc/system.conf.d/lab.conf"
	ln -sfn /dev/null "$etc/network/99-default.link"
	# Whose first boot this is need not be asked on the console.
	rm -f "$tree/etc/machine-id"
	printf '%032x\n' 1 >"$tree/etc/machine-id"
}

make_disk() {
	local version
	version=$(kernel_version)
	rm -rf --one-file-system "$image.tmp"
	mkdir -p "$image.tmp"
	cd "$image.tmp"
	say "kernel $version, initramfs, disk: half a minute"
	gzip -dc "$root"/boot/xen-*-amd64.gz >xen
	cp "$root/boot/vmlinuz-$version" vmlinuz
	unpack_vmlinux vmlinuz
	make_initramfs "$version"
	cp -al "$root" tree
	rm -rf tree/boot/initrd.img-* tree/usr/src/linux-debug
	add_lab_files tree
	# No journal: snapshots are what we go back to.
	truncate -s 8G root.ext4
	mke2fs -q -t ext4 -O ^has_journal -E lazy_itable_init=1 -d tree root.ext4
	rm -r tree
	chroot "$root" dpkg-query -W >versions
	echo "$version" >kernel-version
	guest_kernel_version >guest-kernel-version
	ln -s "$root" root
	mv "$image.tmp" "$image"
	forget_unused
}

# A week without use: nobody goes back to it.  Using an image or a snapshot touches it.
forget_unused() {
	find "$cache" -maxdepth 1 \( -name 'image-*' -o -name 'snapshot-*' \) -mtime +7 -exec rm -r {} +
}

mkdir -p "$cache"
exec 9>"$cache/images-$stack.lock"
flock 9
case $what in
image | root) [ -d "$root" ] || make_root ;;
cached-root) [ -d "$root" ] || exit 1 ;;
*) echo "make.sh: expected image, root or cached-root, got $what" >&2; exit 2 ;;
esac
if [ "$what" = image ]; then
	[ -d "$image" ] || make_disk
	touch "$image"
	echo "$image"
else
	echo "$root"
fi
