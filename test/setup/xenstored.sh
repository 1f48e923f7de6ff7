#!/bin/bash
# SPDX-License-Identifier: MIT
# xenstored.sh: Debian's own xenstored and oxenstored, to run without Xen; prints the folder with both.
# They are taken out of the package, as installing it makes the machine boot Xen; what they want of
# Xen's libraries is test/dom0/xen/shim.c.
set -euo pipefail
. "$(dirname "$0")/host.sh" 2>/dev/null
package=xen-utils-4.17
shim=$coloop_top/test/dom0/xen
key=$(cat "$0" "$shim/shim.c" "$shim/versions" | sha256sum | cut -c 1-12)
kept=$coloop_cache/xenstored-$key

fetch() { apt-get download -q -o APT::Sandbox::User=root "$package"; }

build() {
	draft=$(mktemp -d "$coloop_cache/xenstored-draft-XXXXXX")
	trap 'rm -rf "$draft"' EXIT
	# As root: apt's own user may not write here.
	(cd "$draft" && fetch 2>/dev/null || { apt-get update -q && fetch; }) >&2
	dpkg -x "$draft"/*.deb "$draft/root"
	mkdir "$draft/kept"
	mv "$draft"/root/usr/lib/xen-4.17/bin/{xenstored,oxenstored} "$draft/kept"
	gcc -std=gnu11 -O2 -Wall -Wextra -Werror -shared -fPIC -pthread -fvisibility=hidden \
		-Wl,--version-script="$shim/versions" -o "$draft/kept/shim.so" "$shim/shim.c"
	for name in libxenctrl.so.4.17 libxenguest.so.4.17 libxenevtchn.so.1 libxengnttab.so.1; do
		ln -s shim.so "$draft/kept/$name"
	done
	# Another run may have been faster.
	mv -T "$draft/kept" "$kept" 2>/dev/null || [ -d "$kept" ]
}

mkdir -p "$coloop_cache"
[ -d "$kept" ] || build
echo "$kept"
