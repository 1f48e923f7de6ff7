#!/bin/bash
# SPDX-License-Identifier: MIT
# mirror.sh: print Debian's mirror and its security mirror, as this machine's apt has them.
#
# What is Debian's says the signed index of each source, not its address: many others publish for
# "bookworm main", too.  A mirror has every suite, so another release comes from where this one does.
# Where apt has fetched no index yet, as in a fresh container, one is fetched for this.  A machine
# without a security mirror gets a line with one word.
set -euo pipefail

# The first source of this label that serves others than this machine: no disc, no folder.
mirror_of() { # LABEL
	apt-get "${options[@]}" indextargets --format '$(REPO_URI)' \
		'Created-By: Packages' 'Origin: Debian' "Label: $1" 'Component: main' |
		grep -v -m 1 -E '^(cdrom|copy|file):' || true
}

fetch_indexes() {
	lists=$(mktemp -d)
	trap 'rm -r "$lists"' EXIT
	options=(-o Dir::State::lists="$lists" -o APT::Sandbox::User=root
		-o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=)
	apt-get -q "${options[@]}" update >&2
}

options=()
mirror=$(mirror_of Debian)
if [ -z "$mirror" ]; then
	fetch_indexes
	mirror=$(mirror_of Debian)
fi
if [ -z "$mirror" ]; then
	eval "$(apt-config shell list Dir::Etc::sourcelist/f parts Dir::Etc::sourceparts/d)"
	echo "mirror.sh: expected a source of Debian's main archive in $list or $parts, got none" >&2
	exit 1
fi
security=$(mirror_of Debian-Security)
echo "${mirror%/}${security:+ ${security%/}}"
