#!/bin/bash
# SPDX-License-Identifier: MIT
# deb.sh STACK...: build the packages of each stack (12, 13) in a clean root of that suite, without a network.
#
#   build/deb-N/    *.deb, *.dsc and what belongs to it
#
# VERSION: of the packages, else debian/changelog's with ~deb12 or ~deb13: who goes from one suite to the next
# gets the next one's.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)

say() { printf '\e[1m[deb %s]\e[0m %s\n' "$stack" "$*" >&2; }

build() {
	local out=$top/build/deb-$stack root version started=$SECONDS
	root=$("$top/packaging/root.sh" "$stack" build)
	version=${VERSION:-$(dpkg-parsechangelog -l "$top/debian/changelog" -S Version)}~deb$stack
	rm -rf "$out"
	mkdir -p "$out"
	"$top/packaging/source.sh" "$out" "$version"
	"$top/packaging/in-root.sh" "$root" "$out" sh -c '
		cd /work/coloop-* && dpkg-buildpackage -us -uc >/work/build.log 2>&1' ||
		{ tail -n 30 "$out/build.log" >&2; return 1; }
	rm -r "$out"/coloop-*/
	say "$((SECONDS - started)) s; $(cd "$out" && stat -c '%n %s bytes' *.deb | paste -sd, | sed 's/,/, /g')"
}

for stack in "$@"; do build; done
