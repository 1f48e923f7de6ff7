#!/bin/bash
# SPDX-License-Identifier: MIT
# install-check.sh: run by check.sh in a root that has the packages' dependencies, with what was built at /work:
# install, use, upgrade, remove and purge, as dpkg does it; then nothing may be left.
set -euo pipefail

# Whatever is where, but for what dpkg, the linker and depmod keep for themselves.
whole() {
	find / -xdev \( -path /work -o -path /tmp -o -path /proc -o -path /dev \) -prune -o -printf '%y %m %p %l\n' |
		grep -v -E ' /(var/lib/dpkg/(status|available|lock|triggers|updates|info/format)|var/cache/ldconfig|etc/ld.so.cache)' |
		grep -v -E ' /(lib|usr/lib)/modules/[^/]*/modules\.| /var/lib/dpkg/[a-z]*-old | /var/log| /run/(lock|mount)' |
		grep -v -E '^d [0-9]* /(run|var/lib/dpkg|root)? $' | sort -k3
}
# dkms makes a key of the machine when it first builds anything.
dkms_own() { grep -v -E ' /(var/lib/dkms/(mok\.|dkms_dbversion)|var/lib/dkms )'; }
fail() { echo "install-check: $*"; exit 1; }
status_of() { dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null || true; }

until_true() {
	local tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ "$tries" -lt 300 ] || fail "not after 300 looks: $*"
		sleep 0.1
	done
}
waits() { coloop -j | grep -q 'waits for it'; }
metrics() {
	node -e 'http.get({socketPath: "/run/coloop/metrics.sock", path: "/metrics"}, page => page.pipe(process.stdout))' |
		grep '^coloop_build_info'
}

# A machine with init scripts, on Xen as these see it, before xenstored.
mkdir -p /sys/hypervisor/properties
rm -f /usr/sbin/runlevel
printf '#!/bin/sh\necho N 2\n' >/usr/sbin/runlevel
chmod 755 /usr/sbin/runlevel
whole >/tmp/before

echo "== install"
dpkg -i /work/coloop_*.deb /work/coloop-dkms_*.deb /work/coloop-doc_*.deb
module=$(find /lib/modules -name 'coloop.ko*')
[ -n "$module" ] || fail "dkms built no module"
modinfo -F vermagic "$module"
until_true waits
service coloopd status
pid=$(cat /run/coloopd.pid)
metrics
[ "$(stat -c '%a %U' /run/coloop/metrics.sock)" = '600 root' ] || fail "metrics are not root's alone"
for manual in README SECURITY policy/README docs/xcp-ng monitoring/README; do
	ls /usr/share/doc/coloop/"$manual".md* || fail "no manual $manual"
done

echo "== what is asked of it"
service coloopd reload
service coloopd stop
[ ! -e "/proc/$pid" ] || fail "the daemon $pid is still there after stop"
! service coloopd status
(mkdir /tmp/source && cd /tmp/source && dpkg-source --no-check -x /work/*.dsc tree >/dev/null && cd tree && debian/tests/daemon)
for interface in coloop0 eth0; do
	expected=0
	[ "$interface" != coloop0 ] || expected=1
	status=0
	IFACE=$interface run-parts --exit-on-error /etc/network/if-pre-up.d || status=1
	[ "$status" = "$expected" ] || fail "ifupdown: $interface: expected $expected, got $status"
done

echo "== upgrade"
service coloopd start
until_true waits
pid=$(cat /run/coloopd.pid)
echo '# mine' >>/etc/coloop/policy.d/90-default.yaml
printf 'version: 1\n' >/etc/coloop/policy.d/10-site.yaml
for package in coloop coloop-dkms; do
	dpkg-deb -R /work/"$package"_*.deb "/tmp/$package"
	sed -i 's/^Version: .*/&+next/' "/tmp/$package/DEBIAN/control"
	dpkg-deb -b "/tmp/$package" "/tmp/$package.deb" >/dev/null
done
DEBIAN_FRONTEND=noninteractive dpkg --force-confold -i /tmp/coloop.deb /tmp/coloop-dkms.deb
until_true waits
next=$(cat /run/coloopd.pid)
[ "$next" != "$pid" ] || fail "the daemon is the old one after an upgrade"
[ ! -e "/proc/$pid" ] || fail "the old daemon is still there after an upgrade"
service coloopd status
grep -q mine /etc/coloop/policy.d/90-default.yaml || fail "the administrator's policy is gone"
[ -n "$(find /lib/modules -name 'coloop.ko*')" ] || fail "no module after an upgrade"

echo "== remove"
dpkg -r coloop
[ ! -e "/proc/$next" ] || fail "the daemon is still there after removal"
[ -e /etc/coloop/policy.d/10-site.yaml ] || fail "removal took the policy"
dpkg -r coloop-dkms
[ -z "$(find /lib/modules -name 'coloop.ko*')" ] || fail "the module's file is there after removal"

echo "== purge"
dpkg -P coloop coloop-dkms coloop-doc
rm -rf /tmp/coloop*
[ -z "$(status_of coloop)$(status_of coloop-dkms)" ] || fail "dpkg still knows the packages"
whole | dkms_own >/tmp/after
dkms_own </tmp/before | diff - /tmp/after >/tmp/left || { cat /tmp/left; fail "purge left this"; }

echo "== the other way round: module first, and purge without removal"
dpkg -i /work/coloop-dkms_*.deb /work/coloop_*.deb
dpkg -P coloop-dkms
until_true waits
service coloopd status
dpkg -P coloop
whole | dkms_own >/tmp/after
dkms_own </tmp/before | diff - /tmp/after >/tmp/left || { cat /tmp/left; fail "purge left this"; }
echo "installed twice, upgraded, removed, purged: nothing is left"
