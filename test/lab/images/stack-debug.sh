#!/bin/bash
# SPDX-License-Identifier: MIT
# stack-debug.sh CONFIG: run in a Debian root, as root: build a kernel from the suite's linux-source and
# leave what boots and what modules are built with.
#
#   /boot/vmlinux-VERSION          stripped
#   /lib/modules/VERSION/build     headers and tools; objects and sources are gone
set -euo pipefail
config=$1
tree=/usr/src/linux-debug

unpack() {
	mkdir "$tree"
	tar --extract --file "$(ls /usr/src/linux-source-*.tar.xz)" --directory "$tree" \
		--strip-components 1
	rm -f /usr/src/linux-source-*.tar.xz
}

# KASAN has no shadow yet when Xen enters a PVH kernel; Linux spares most of what runs then, not this.
# And what never touches memory of ours, but runs all the time, need not be watched in emulation.
spare() {
	echo 'KASAN_SANITIZE_enlighten_pvh.o := n' >>arch/x86/xen/Makefile
	echo 'KASAN_SANITIZE_string.o := n' >>lib/Makefile
	local folder
	for folder in kernel/{irq,locking,rcu,sched,time} mm; do
		echo 'KASAN_SANITIZE := n' >>"$folder/Makefile"
	done
	echo 'KASAN_SANITIZE_debugobjects.o := n' >>lib/Makefile
	echo 'KASAN_SANITIZE_unwind_orc.o := n' >>arch/x86/kernel/Makefile
}

# A line of the fragment that Kconfig did not take is a check that nobody makes.
configure() {
	make -s KCONFIG_ALLCONFIG="$config" allnoconfig
	local lost
	lost=$(grep -v '^#' "$config" | grep . | grep -vxFf .config || true)
	[ -z "$lost" ] || { echo "stack-debug.sh: not in .config: $lost" >&2; return 1; }
}

# What is left is read by builds of modules alone.
prune() {
	find . -type f \( -name '*.[acoS]' -o -name '.*.cmd' -o -name '*.dts*' \) \
		! -path './scripts/*' ! -path './tools/objtool/objtool' -delete
	rm -rf vmlinux Documentation tools/testing sound .tmp_*
	find arch -mindepth 1 -maxdepth 1 -type d ! -name x86 -exec rm -r {} +
}

unpack
cd "$tree"
spare
configure
nice -n 19 make -s -j2 vmlinux modules
version=$(make -s kernelrelease)
strip -s -o "/boot/vmlinux-$version" vmlinux
make -s modules_install
ln -sfn "$tree" "/lib/modules/$version/build"
prune
