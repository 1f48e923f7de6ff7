#!/bin/bash
# SPDX-License-Identifier: MIT
# build.sh [STACK]: build everything that goes into the machines of a stack.
#
#   build/stack-N/   coloop.ko, the native addons, coloop.mjs, coloopd.mjs, policy/,
#                    programs that run in the machines: senders, transactions, vchan, numbered.mjs and others
#   build/work-N/    the copies in which compilers of that stack's own root work
#
# STACK: 13, 12, next, debug or debug-pv.
#
# What does not exist yet in the tree is named and left out.
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
stack=${1:-${STACK:-13}}
image=$("$top/test/lab/images/make.sh" "$stack")
root=$(readlink -f "$image/root")
version=$(cat "$image/guest-kernel-version")
dom0_version=$(cat "$image/kernel-version")
work=$top/build/work-$stack
out=$top/build/stack-$stack
mkdir -p "$work" "$out"

say() { printf '\e[1m[build %s]\e[0m %s\n' "$stack" "$*" >&2; }

# Runs a command in the stack's root with our copies at /mnt; the mounts are
# gone with the command, and nothing else sees them.
in_root() {
	unshare --mount --propagation private sh -c '
		root=$1 work=$2; shift 2
		mount --bind "$work" "$root/mnt" && mount --bind /dev "$root/dev" &&
		mount -t proc proc "$root/proc" && mount -t tmpfs tmp "$root/tmp" &&
		exec chroot "$root" "$@"' sh "$root" "$work" "$@" >&2
}

refresh() { # FROM TO: copy what is newer, so that make sees what changed
	mkdir -p "$work/$2"
	cp -a --update "$top/$1/." "$work/$2/"
}

# Without debug information: every machine of the lab reads it anew.
install_if_new() { # FROM TO
	strip --strip-debug -o "$1.stripped" "$1"
	cmp -s "$1.stripped" "$2" || install -m 644 "$1.stripped" "$2"
}

build_module() { # FOLDER NAME [MAKE'S ARGUMENTS]
	[ -f "$top/$1/Makefile" ] || { say "no $1/Makefile: module $2 left out"; return 0; }
	refresh "$1" "$1"
	say "$2.ko for Linux $version"
	in_root make -s -j2 -C "/mnt/$1" KDIR="/lib/modules/$version/build" "${@:3}"
	install_if_new "$work/$1/$2.ko" "$out/$2.ko"
}

build_dom0_module() {
	refresh kmod dom0/kmod
	say "coloop.ko for dom0, Linux $dom0_version"
	in_root make -s -j2 -C /mnt/dom0/kmod KDIR="/lib/modules/$dom0_version/build"
	mkdir -p "$out/$dom0_version"
	install_if_new "$work/dom0/kmod/coloop.ko" "$out/$dom0_version/coloop.ko"
}

build_addon() { # PACKAGE ADDON
	[ -f "$top/userland/$1/Makefile" ] || { say "no userland/$1/Makefile: $2.node left out"; return 0; }
	refresh node_modules/node-addon-api node-addon-api
	mkdir -p "$work/$1"
	find "$top/userland/$1" -maxdepth 1 -type f -exec cp -a --update {} "$work/$1/" \;
	say "$2.node"
	in_root make -s -C "/mnt/$1" NODE_INCLUDE=/usr/include/node \
		NODE_ADDON_API_INCLUDE=/mnt/node-addon-api
	install_if_new "$work/$1/build/$2.node" "$out/$2.node"
}

build_program() { # FOLDER NAME
	refresh "$1" "$1"
	say "$2"
	in_root make -s -C "/mnt/$1"
	cmp -s "$work/$1/build/$2" "$out/$2" || install -m 755 "$work/$1/build/$2" "$out/$2"
}

# CommonJS dependencies in an ES module want a require of their own.
bundle() { # FOLDER NAME
	[ -f "$top/$1/$2.ts" ] || { say "no $1/$2.ts: left out"; return 0; }
	"$top/node_modules/.bin/esbuild" "$top/$1/$2.ts" --bundle --log-level=warning \
		--platform=node --target=node18 --format=esm --minify-whitespace --outfile="$out/$2.mjs" \
		--banner:js='import {createRequire as require_} from "node:module"; const require = require_(import.meta.url);'
}

# Guests that have a kernel of their own count the lines that ran (test/cover), and can refuse memory;
# dom0 has Debian's.
if [ "$version" = "$dom0_version" ]; then
	build_module kmod coloop
else
	build_module kmod coloop GCOV_PROFILE=y
	build_dom0_module
	bundle test/lab/inside fail-nth
fi
build_module test/evil evil
build_addon netlink-js netlink
build_addon nftables-js nftables
build_program test/bench/vchan vchan
build_program test/lab/inside/senders senders
build_program test/lab/inside/transactions transactions
bundle userland/bin coloop
bundle userland/bin coloopd
bundle userland/nftables-js nftables-process
bundle userland/policy policy-thread
bundle test/lab/inside drive
bundle test/lab/inside flow
bundle test/lab/inside numbered
bundle test/bench peers
rm -rf "$out/conform"
cp -r "$top/test/conform/inside" "$out/conform"
rm -rf "$out/policy"
cp -r "$top/policy" "$out/policy"
rm -rf "$out/ui"
cp -r "$top/userland/ui/page" "$out/ui"
say "$(cd "$out" && ls | paste -sd' ') in ${out#"$top/"}"
