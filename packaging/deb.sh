#!/bin/bash
# SPDX-License-Identifier: MIT
# deb.sh STACK...: build the packages of each stack (12, 13) in a clean root of that suite, without a network.
#
#   build/deb-N/    *.deb, *.dsc and what belongs to it
#
# VERSION: of the packages, else debian/changelog's with ~deb12 or ~deb13 behind it: who goes from one suite to the
# next gets the next one's.  OUT: another folder.  BUILD_FOLDER, BUILD_HOST, BUILD_LANG, UMASK, TZ: where and how
# it is built, which must not show.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)

say() { printf '\e[1m[deb %s]\e[0m %s\n' "$stack" "$*" >&2; }

build() {
	local out=${OUT:-$top/build/deb-$stack} folder=${BUILD_FOLDER:-build} root version started=$SECONDS
	root=$("$top/packaging/root.sh" "$stack" build)
	version=${VERSION:-$(dpkg-parsechangelog -l "$top/debian/changelog" -S Version)}~deb$stack
	rm -rf "$out"
	mkdir -p "$out"
	"$top/packaging/source.sh" "$out/$folder" "$version"
	"$top/packaging/in-root.sh" "$root" "$out" sh -c '
		umask "$1" && cd "/work/$2"/coloop-*/ && dpkg-buildpackage -us -uc >/work/build.log 2>&1' \
		sh "${UMASK:-022}" "$folder" || { tail -n 30 "$out/build.log" >&2; return 1; }
	mv "$out/$folder"/coloop*_* "$out"
	rm -r "${out:?}/$folder"
	say "$((SECONDS - started)) s; $(cd "$out" && stat -c '%n %s bytes' *.deb | paste -sd, | sed 's/,/, /g')"
}

for stack in "$@"; do build; done
