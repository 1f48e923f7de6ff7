#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check.sh [STACK]: the module's static gates.  Any warning fails.
#
#   W=1 and sparse (C=2)   with compiler and headers of the stack's own root
#   checkpatch --strict    from Debian's kernel source; kept in the cache
#
# CHECK_ROOT names another Debian root that has kernel headers and sparse, CHECKPATCH another
# checkpatch.pl.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
stack=${1:-${STACK:-13}}
work=$top/build/check-$stack
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

build_root() {
	[ -z "${CHECK_ROOT:-}" ] || { echo "$CHECK_ROOT"; return; }
	readlink -f "$("$top/test/lab/images/make.sh" "$stack")/root"
}

# Our copy of the module is /mnt there; the mounts are gone with the command.
in_root() { # ROOT COMMAND...
	unshare --mount --propagation private sh -c '
		root=$1 work=$2; shift 2
		mount --bind "$work" "$root/mnt" && mount --bind /dev "$root/dev" &&
		mount -t proc proc "$root/proc" && mount -t tmpfs tmp "$root/tmp" &&
		exec chroot "$root" "$@"' sh "$1" "$work" "${@:2}"
}

check_build() { # FOLDER
	local root version log=$work/${1//\//-}.log status=0
	root=$(build_root)
	# The link may lead to a path of that root, so it is not followed from here.
	version=$(find "$root/lib/modules" -name build -printf '%h\n' | sort -V | tail -n 1)
	version=$(basename "$version")
	in_root "$root" make -C "/mnt/$1" check "KDIR=/lib/modules/$version/build" \
		CF=-D__CHECK_ENDIAN__ >"$log" 2>&1 || status=$?
	report "$1: W=1 and sparse, Linux $version" "$log"
	if [ $status != 0 ]; then
		tail -n 20 "$log"
		failed=$((failed + 1))
	fi
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

# All of it anew: a warning is only printed where something is compiled.
rm -rf "$work"
for folder in kmod test/evil; do
	[ -f "$top/$folder/Makefile" ] || continue
	mkdir -p "$work/$folder"
	cp -r "$top/$folder/." "$work/$folder"
	find "$work/$folder" -name '*.o' -delete
done
for folder in kmod test/evil; do
	[ -d "$work/$folder" ] || continue
	check_build $folder
	check_patch $folder
done
exit $((failed > 0))
