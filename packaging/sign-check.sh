#!/bin/bash
# SPDX-License-Identifier: MIT
# sign-check.sh: run by check.sh in a root that dkms, headers and openssl are in, with what was built at /work:
# the module carries a signature wherever the machine signs its modules, and only there.
set -euo pipefail

fail() { echo "sign-check: $*"; exit 1; }
module() { find /lib/modules -name 'coloop.ko*'; }
signer() { modinfo -F signer "$(module)"; }
# modinfo prints bytes between colons, openssl as they are.
key() { modinfo -F sig_key "$(module)" | tr -d ':'; }
serial() { openssl x509 -inform DER -in "$1" -noout -serial | cut -d= -f2; }
rebuild() {
	dkms build --force "coloop/$version" -k "$kernel"
	dkms install --force "coloop/$version" -k "$kernel"
}
make_key() { # NAME COMMON-NAME
	openssl req -new -x509 -nodes -newkey rsa:2048 -days 2 -subj "/CN=$2/" \
		-outform DER -out "/root/$1.pub" -keyout "/root/$1.key" 2>/dev/null
}

echo "== a machine of which nothing is known: dkms makes it a key, and signs"
dpkg -i /work/coloop-dkms_*.deb
version=$(ls /usr/src | sed -n "s/^coloop-//p")
kernel=$(cd /lib/modules && ls -d *-amd64)
[ "$(key)" = "$(serial /var/lib/dkms/mok.pub)" ] || fail "signed with '$(key)', not with the key of dkms"

echo "== a machine with a key of its own, where dkms looks for it"
make_key own "the machine's own"
cp /root/own.key /var/lib/dkms/mok.key
cp /root/own.pub /var/lib/dkms/mok.pub
rebuild
[ "$(signer)" = "the machine's own" ] || fail "signed by '$(signer)'"
[ "$(key)" = "$(serial /root/own.pub)" ] || fail "signed with '$(key)'"

echo "== a machine that says where its key is"
make_key other "another place"
printf 'mok_signing_key=/root/other.key\nmok_certificate=/root/other.pub\n' >>/etc/dkms/framework.conf
rebuild
[ "$(signer)" = "another place" ] || fail "signed by '$(signer)'"

echo "== a machine without anything to sign with"
rm /var/lib/dkms/mok.* /root/other.*
mv "$(command -v openssl)" /root/openssl
rebuild
[ -z "$(signer)" ] || fail "signed by '$(signer)', and nothing to sign with is here"
echo "signed by the key of dkms, of the machine and of framework.conf; not signed where there is none"
