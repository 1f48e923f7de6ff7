#!/bin/bash
# SPDX-License-Identifier: MIT
# emulator.sh: print the QEMU that PVH guests need, built from Debian's source unless the cache has it.
#
# QEMU's VMRUN delivers the interrupt that Xen injects, and leaves its vector in exception_index.
# When the emulator stops before anything has cleared that (counted time ends a slice; a thread calls
# another), cpu_handle_exception() delivers it once more, whatever the guest's interrupt flag says: in
# the entry of the first before its SWAPGS, which ends the guest, or with a lock held. Seen in 7.2;
# target/i386/tcg/sysemu/svm_helper.c, accel/tcg/cpu-exec.c. The line that leaves it is not needed.
#
# And two machines joined by a wire count their time together: emulator-wire.c.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/host.sh"
version=$(dpkg-query --show --showformat '${source:Version}' qemu-system-x86)
key=$(cat "$0" "$here/emulator-wire.c" | sha256sum | cut -c1-12)
folder=$coloop_cache/qemu-${version#*:}-$key

fetch() {
	local mirrors mirror security suite
	. /etc/os-release
	mirrors=$("$here/mirror.sh")
	read -r mirror security <<<"$mirrors"
	for suite in "$mirror $VERSION_CODENAME" "$mirror $VERSION_CODENAME-updates" \
		${security:+"$security $VERSION_CODENAME-security"}; do
		echo "deb-src $suite main"
	done >sources.list
	mkdir parts lists
	set -- -q -o Dir::Etc::sourcelist="$PWD/sources.list" -o Dir::Etc::sourceparts="$PWD/parts" \
		-o Dir::State::lists="$PWD/lists" -o APT::Sandbox::User=root
	apt-get "$@" update && apt-get "$@" --download-only source "qemu=$version" &&
		dpkg-source --no-check --extract qemu_*.dsc source
}

mend() {
	edit target/i386/tcg/sysemu/svm_helper.c \
		'/case SVM_EVTINJ_TYPE_INTR:/ { n; /exception_index = vector;/d }' &&
	cp "$here/emulator-wire.c" source/net/ &&
	edit net/socket.c '/^static void net_socket_writable(.*;/a #include "emulator-wire.c"' &&
	edit net/socket.c '/^static ssize_t net_socket_receive(/,/^}/ s/^ *remaining = iov_size/\
		if (icount_enabled())\
			return wire_put(buf, size);\n&/' &&
	edit net/socket.c '/^static void net_socket_connect(void.*)$/,/^}/ s/^ *s->send_fn =/\
		if (icount_enabled()) {\
			wire_begin(s);\
			return;\
		}\n&/'
}

edit() { # FILE COMMAND-OF-SED
	cp "source/$1" before && sed -i "$2" "source/$1" &&
		! cmp -s before "source/$1" || { echo "emulator.sh: there is no such line in $1"; return 1; }
}

# The lab's machine has serial ports and disks, and a wire at most.
build() {
	mkdir source/build && cd source/build &&
		../configure --target-list=x86_64-softmmu --without-default-features --disable-docs \
			--enable-system --enable-tcg --enable-plugins --enable-fdt=system \
			--firmwarepath=/usr/share/qemu:/usr/share/seabios &&
		nice -n 19 ninja -j2 qemu-system-x86_64 && strip qemu-system-x86_64 &&
		mkdir -p "$folder" && mv qemu-system-x86_64 "$folder"
}

make_emulator() {
	local log=$coloop_cache/emulator.log work=$folder.tmp
	coloop_say "QEMU for PVH guests: about ten minutes (log: $log)"
	coloop_install dpkg-dev meson ninja-build pkg-config libfdt-dev libglib2.0-dev libpixman-1-dev \
		zlib1g-dev
	rm -rf "$work"
	mkdir "$work"
	cd "$work"
	{ fetch && mend && build; } >"$log" 2>&1 || { tail -n 20 "$log" >&2; return 1; }
	rm -rf "$work"
}

exec 9>"$coloop_cache/emulator.lock"
flock 9
[ -x "$folder/qemu-system-x86_64" ] || make_emulator
echo "$folder/qemu-system-x86_64"
