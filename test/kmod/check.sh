#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check.sh [STACK...]: the module's static gates.  Any warning fails.
#
#   W=1 and sparse (C=2)   with compiler and headers of each stack's own root
#   refusals               Kbuild names in a sentence what is not supported; dkms.conf leaves it out
#   compat.h               nothing else asks for the kernel's version
#   checkpatch --strict    from Debian's kernel source; kept in the cache
#
# STACK: those named, else $STACK or 13, and every other whose root is in the cache.
# CHECK_ROOT names another Debian root that has kernel headers and sparse, CHECKPATCH another
# checkpatch.pl.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
images=$top/test/lab/images
cache=${COLOOP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/coloop}
failed=0

report() { # NAME LOG: ok when the log has no warning
	if grep -E 'warning:|error:|WARNING:|ERROR:|CHECK:|\*\*\*' "$2"; then
		echo "FAIL $1"
		failed=$((failed + 1))
	else
		echo "ok   $1"
	fi
}

stacks() { # NAMED...
	local usual=${STACK:-13} manifest stack
	[ $# = 0 ] || { printf '%s\n' "$@"; return; }
	echo "$usual"
	[ -z "${CHECK_ROOT:-}" ] || return 0
	for manifest in "$images"/stack-*.conf; do
		stack=$(basename "$manifest" .conf)
		stack=${stack#stack-}
		[ "$stack" = "$usual" ] || ! "$images/make.sh" "$stack" cached-root >/dev/null || echo "$stack"
	done
}

# Our copy of the module is /mnt there; the mounts are gone with the command.
in_root() { # ROOT COMMAND...
	unshare --mount --propagation private sh -c '
		root=$1 work=$2; shift 2
		mount --bind "$work" "$root/mnt" && mount --bind /dev "$root/dev" &&
		mount -t proc proc "$root/proc" && mount -t tmpfs tmp "$root/tmp" &&
		exec chroot "$root" "$@"' sh "$1" "$work" "${@:2}"
}

# All of it anew: a warning is only printed where something is compiled.
copy_folder() { # FOLDER
	mkdir -p "$work/$1"
	cp -r "$top/$1/." "$work/$1"
	find "$work/$1" -name '*.o' -delete
}

# The link may lead to a path of that root, so it is not followed from here.
newest_kernel() { # ROOT
	find "$1/lib/modules" -name build -printf '%h\n' | sort -V | tail -n 1 | xargs basename
}

check_build() { # FOLDER
	local log=$work/${1//\//-}.log status=0
	in_root "$root" make -C "/mnt/$1" check "KDIR=/lib/modules/$version/build" \
		CF=-D__CHECK_ENDIAN__ >"$log" 2>&1 || status=$?
	report "$1: W=1 and sparse, Linux $version" "$log"
	if [ $status != 0 ]; then
		tail -n 20 "$log"
		failed=$((failed + 1))
	fi
}

# The kernel's configuration, with one variable of it said otherwise: nothing is built, and why is said.
check_refusal() { # SENTENCE VARIABLE=VALUE...
	local log=$work/refusal.log
	if ! in_root "$root" make -C /mnt/kmod "KDIR=/lib/modules/$version/build" "${@:2}" >"$log" 2>&1 &&
		grep -qF "coloop: expected $1" "$log"; then
		echo "ok   kmod: refused, Linux $version with ${*:2}"
	else
		tail -n 20 "$log"
		echo "FAIL kmod: with ${*:2}: expected \"coloop: expected $1\", got the above"
		failed=$((failed + 1))
	fi
}

check_refusals() {
	check_refusal 'Linux 6.1 or newer, got 5.10' VERSION=5 PATCHLEVEL=10
	check_refusal 'Linux 6.1 or newer, got 6.0' VERSION=6 PATCHLEVEL=0
	check_refusal 'a kernel of 64 bits' CONFIG_64BIT=
	check_refusal 'a kernel with CONFIG_XEN' CONFIG_XEN=
	check_refusal 'a kernel with CONFIG_NETFILTER' CONFIG_NETFILTER=
	check_refusal 'pages of 4096 bytes' CONFIG_ARM64_64K_PAGES=y
}

# As dkms reads its file: CONFIG_X, and !CONFIG_X for what must not be.
has_dkms_config() {
	local each
	for each in $BUILD_EXCLUSIVE_CONFIG; do
		case $each in
		!*) ! grep -qE "^${each#!}=[ym]" "$1" || return 1 ;;
		*) grep -qE "^$each=[ym]" "$1" || return 1 ;;
		esac
	done
}

check_dkms() {
	local kernelver=$version old config=$work/config log=$work/dkms.log
	chroot "$root" cat "/lib/modules/$version/build/.config" >"$config"
	. "$top/kmod/dkms.conf"
	{
		[[ $version =~ $BUILD_EXCLUSIVE_KERNEL ]] || echo "error: leaves out $version"
		has_dkms_config "$config" || echo "error: leaves out the configuration of $version"
		for old in 4.19.0-1-amd64 5.10.0-1-amd64 5.19.7 6.0.12; do
			[[ ! $old =~ $BUILD_EXCLUSIVE_KERNEL ]] || echo "error: takes $old"
		done
		! has_dkms_config <(grep -v ^CONFIG_XEN= "$config") || echo "error: takes a kernel without Xen"
	} >"$log"
	report "kmod: dkms.conf takes Linux $version and leaves out older ones" "$log"
}

# What differs between kernels has one place, where each difference says when it can go.
check_compat() { # FOLDER
	local log=$work/${1//\//-}.compat.log
	(cd "$top" && grep -nE 'LINUX_VERSION|KERNEL_VERSION|linux/version\.h|UTS_RELEASE|#.*if.*COLOOP_COMPAT_' \
		"$1"/*.[ch] | grep -v '^kmod/compat\.h:' | sed 's/^/error: belongs into compat.h: /') >"$log" || true
	report "$1: kernel versions in compat.h alone" "$log"
}

# Debian's headers come without checkpatch, its source package has it.
fetch_checkpatch() {
	local version=6.1 into=$cache/checkpatch-6.1
	if [ ! -f "$into/checkpatch.pl" ]; then
		echo "checkpatch: from linux-source-$version, 140 MB, once" >&2
		rm -rf "$into.tmp"
		mkdir -p "$into.tmp"
		(cd "$into.tmp" &&
			apt-get download -qq -o APT::Sandbox::User=root linux-source-$version >&2 &&
			dpkg-deb --fsys-tarfile linux-source-*.deb |
			tar -xO ./usr/src/linux-source-$version.tar.xz |
			tar -xJ --strip-components=2 --wildcards '*/scripts/checkpatch.pl' \
				'*/scripts/spelling.txt' '*/scripts/const_structs.checkpatch' &&
			rm linux-source-*.deb)
		mv "$into.tmp" "$into"
	fi
	echo "$into/checkpatch.pl"
}

# What checkpatch finds by design and is not fixed:
ignored=(
	LINUX_VERSION_CODE	# compat.h is for exactly that
	MACRO_ARG_REUSE MACRO_ARG_PRECEDENCE # a loop's head takes the name of its variable
	CONSTANT_COMPARISON	# the same lines: it reads the macro as a constant
	FILE_PATH_CHANGES	# about MAINTAINERS of the kernel tree
	EMBEDDED_FILENAME	# a comment that says "Xen's io/ring.h" is not the file's name
	CAMELCASE		# names of the kernel's own: Qdisc_ops
)

check_patch() { # FOLDER
	local script log=$work/${1//\//-}.checkpatch.log
	script=${CHECKPATCH:-$(fetch_checkpatch)}
	# Generated files answer to their generator; trace.h is written in macros all of its own.
	# In the copy, because checkpatch leaves notes where it runs.
	(cd "$top/$1" && ls -- *.[ch] | grep -v -e netlink-gen -e trace.h |
		(cd "$work/$1" && xargs perl "$script" --no-tree --strict --terse --show-types \
			--no-summary --ignore "$(IFS=,; echo "${ignored[*]}")" -f)) >"$log" 2>&1 || true
	report "$1: checkpatch --strict" "$log"
}

check_sources() {
	local folder
	for folder in "$@"; do
		check_compat "$folder"
		check_patch "$folder"
	done
}

check_stack() { # STACK FOLDER...
	local stack=$1 root version folder
	root=${CHECK_ROOT:-$("$images/make.sh" "$stack" root)}
	version=$(newest_kernel "$root")
	for folder in "${@:2}"; do
		check_build "$folder"
	done
	check_refusals
	check_dkms
}

begin() { # NAME FOLDER...
	local folder
	work=$top/build/check-$1
	rm -rf "$work"
	for folder in "${@:2}"; do
		copy_folder "$folder"
	done
}

folders=(kmod test/evil)
begin sources "${folders[@]}"
check_sources "${folders[@]}"
for stack in $(stacks "$@"); do
	begin "$stack" "${folders[@]}"
	check_stack "$stack" "${folders[@]}"
done
exit $((failed > 0))
