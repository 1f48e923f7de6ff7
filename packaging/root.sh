#!/bin/bash
# SPDX-License-Identifier: MIT
# root.sh STACK WHAT: print a clean Debian root, made once and kept in the cache.
#
#   build     what debian/control wants to build with, and lintian
#   install   a machine that packages are installed on: their dependencies, systemd, headers of its kernel, and
#             what debian/tests/control wants
#
# STACK: 12 or 13.  Nothing may be written there: in-root.sh gives it a layer of its own.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$here")
stack=$1 what=$2
. "$top/test/lab/images/stack-$stack.conf"
cache=${COLOOP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/coloop}

# A field of debian/control as names, one on a line; substitutions and what we build are none.
wanted() { # FILE FIELD...
	local file=$1 field
	for field in "${@:2}"; do
		sed -n "/^$field:/,/^[^ ]*:/{/^$field:/{s/^[^:]*://;p};/^ /p}" "$file"
	done | tr ',|' '\n\n' | sed 's/([^)]*)//; s/<[^>]*>//; s/ //g' |
		grep -v -e '^$' -e '[$@]' -e '^coloop' | sort -u
}

case $what in
build) packages=$(wanted "$top/debian/control" Build-Depends Build-Depends-Indep | sed 's/^debhelper-compat$/debhelper/')
	packages+=$'\nbuild-essential\nlintian\npiuparts' ;;
install) packages=$(wanted "$top/debian/control" Depends Recommends; wanted "$top/debian/tests/control" Depends)
	# And what ${misc:Depends} and ${shlibs:Depends} stand for.
	packages+=$'\ndkms\nlibnftables1\nautopkgtest\nlinux-headers-amd64\nopenssl\nsystemd-sysv\ndpkg-dev' ;;
*) echo "root.sh: expected build or install, got $what" >&2; exit 2 ;;
esac

root=$cache/deb-$what-$stack-$(echo "1 $suite $packages" | sha256sum | cut -c1-12)
exec 9>"$cache/deb-$what-$stack.lock"
flock 9
if [ ! -d "$root" ]; then
	printf '\e[1m[deb %s]\e[0m %s\n' "$stack" "a clean root to $what in: about two minutes, $root" >&2
	mirrors=$("$top/test/setup/mirror.sh")
	read -r mirror security <<<"$mirrors"
	rm -rf --one-file-system "$root.tmp"
	mmdebstrap --quiet --variant=minbase --include="$(paste -sd, <<<"$packages")" \
		--aptopt='APT::Install-Recommends "false"' --aptopt="$("$top/test/setup/apt-options.sh")" \
		--customize-hook='rm "$1/etc/apt/apt.conf.d/99mmdebstrap"' \
		"$suite" "$root.tmp" "deb $mirror $suite main" \
		${security:+"deb $security $suite-security main"} >&2
	mv "$root.tmp" "$root"
fi
touch "$root"
echo "$root"
