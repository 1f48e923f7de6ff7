#!/bin/bash
# SPDX-License-Identifier: MIT
# check.sh STACK...: what can be said of build/deb-N without Xen.
#
#   reproduce   built once more, elsewhere, by another clock, language and host name: the same bytes
#   lintian     nothing that is not explained in debian/*.lintian-overrides
#   install     in a clean root, as dpkg does it: dkms builds the module for the suite's kernel, the daemon runs
#               by its init script beside a xenstored (debian/tests), an upgrade, removal, purge: nothing is left
#   sign        dkms signs the module with the key that a machine has, and leaves it without where there is none
#   autopkgtest what debian/tests declares, as Debian's own tool runs it
#   piuparts    Debian's own look at what installation and purge leave behind
#   unit        systemd-analyze finds the unit right, and exposed by 3.0 at most
#
# CHECKS='lintian unit' picks some.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)

say() { printf '\e[1m[deb %s]\e[0m %s\n' "$stack" "$*" >&2; }
root() { "$top/packaging/root.sh" "$stack" "$1"; }
in_root() { "$top/packaging/in-root.sh" "$(root "$1")" "${@:2}"; }

reproduce() {
	local again=$top/build/deb-$stack.again differs
	OUT=$again BUILD_FOLDER=elsewhere TZ=Asia/Kathmandu BUILD_LANG=de_DE.UTF-8 BUILD_HOST=other UMASK=077 \
		"$top/packaging/deb.sh" "$stack" 2>/dev/null
	differs=$(cd "$out" && for file in *.deb *.dsc *.tar.xz; do cmp -s "$file" "$again/$file" || echo "$file"; done)
	[ -z "$differs" ] || { say "not the same when built again: $differs"; return 1; }
	rm -r "$again"
	say "reproduced: $(cd "$out" && sha256sum *.deb | cut -c1-12 | paste -sd' ')"
}

lintian() {
	local said
	said=$(in_root build "$out" sh -c 'lintian --allow-root --tag-display-limit 0 --fail-on none \
		--profile debian --suppress-tags bad-distribution-in-changes-file /work/*.changes')
	[ -z "$(grep '^[EW]:' <<<"$said")" ] || { say "lintian: $said"; return 1; }
	say "lintian: no error, no warning"
}

unit() {
	in_root install "$out" sh -c '
		dpkg-deb -x /work/coloop_*.deb /tmp/x && unit=$(find /tmp/x -name coloopd.service) &&
		cp -a /tmp/x/usr/. /usr &&
		SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no "$unit" &&
		systemd-analyze security --offline=true --threshold=30 "$unit" | tail -n 1' >"$out/unit.log" 2>&1 ||
		{ cat "$out/unit.log" >&2; return 1; }
	say "unit: $(tail -n 1 "$out/unit.log")"
}

# A script of ours, in a root like a machine that the packages are installed on; answers by its last line.
in_machine() { # NAME SCRIPT
	cp "$top/packaging/$2" "$out/"
	in_root install "$out" bash "/work/$2" >"$out/$1.log" 2>&1 || { tail -n 40 "$out/$1.log" >&2; return 1; }
	rm "$out/$2"
	say "$1: $(tail -n 1 "$out/$1.log")"
}

install() { in_machine install install-check.sh; }
sign() { in_machine sign sign-check.sh; }

# The root is all the isolation that the test asks for, and has what it depends on.
autopkgtest() {
	in_root install "$out" sh -c '
		rm -f /etc/apt/sources.list && autopkgtest --ignore-restrictions=isolation-container \
			/work/*.dsc /work/coloop_*.deb /work/coloop-dkms_*.deb /work/coloop-doc_*.deb -- null' >"$out/autopkgtest.log" 2>&1 &&
		grep -q '^daemon *PASS' "$out/autopkgtest.log" || { tail -n 40 "$out/autopkgtest.log" >&2; return 1; }
	say "autopkgtest: $(grep '^daemon ' "$out/autopkgtest.log" | tail -n 1)"
}

# It copies the root that has what we depend on, and asks no mirror: what is upgraded there is ours to test (install).
# The key that dkms makes with a machine's first module stays for all others: it is dkms's.
piuparts() {
	mkdir -p "$out/piuparts"
	BESIDE=$(root install) in_root build "$out" sh -c '
		mount --bind /dev/null /beside/etc/apt/sources.list
		piuparts --tmpdir /work/piuparts --existing-chroot /beside --keep-sources-list --no-upgrade-test \
			--no-eatmydata --no-adequate --warn-on-debsums-errors \
			--ignore=/var/lib/dkms/mok.key --ignore=/var/lib/dkms/mok.pub \
			/work/coloop_*.deb /work/coloop-dkms_*.deb /work/coloop-doc_*.deb' >"$out/piuparts.log" 2>&1 ||
		{ grep -v -e DEBUG -e IGNORED "$out/piuparts.log" | tail -n 40 >&2; return 1; }
	rm -r "$out/piuparts"
	say "piuparts: $(grep -o 'PASS: All tests.*' "$out/piuparts.log")"
}

status=0
for stack in "$@"; do
	out=$top/build/deb-$stack
	[ -d "$out" ] || "$top/packaging/deb.sh" "$stack"
	for check in ${CHECKS:-lintian unit install sign autopkgtest piuparts reproduce}; do "$check" || status=1; done
done
exit "$status"
