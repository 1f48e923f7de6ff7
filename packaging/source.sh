#!/bin/bash
# SPDX-License-Identifier: MIT
# source.sh FOLDER VERSION: put a Debian source package of this tree into FOLDER, the same bytes each time.
#
#   coloop_U.orig.tar.xz           the tree, as git knows it, without debian/
#   coloop_U.orig-modules.tar.xz   the npm modules that the programs are built from, as package-lock.json pins
#                                  them: a build has no network
#   coloop-U/                      all that unpacked, with debian/, whose changelog says VERSION
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
folder=$1 version=$2
upstream=${version%-*}
tree=$folder/coloop-$upstream
epoch=$(dpkg-parsechangelog -l "$top/debian/changelog" -S Timestamp)

# Without what differs from one checkout to the next.
archive() { # NAME FOLDER PREFIX: of the paths on stdin, each behind a NUL
	LC_ALL=C sort -z | tar --create --directory="$2" --null --no-recursion --files-from=- \
		--mtime="@$epoch" --owner=0 --group=0 --numeric-owner --mode=u+rw,go=rX,a-s --format=gnu \
		--transform="s,^,$3/," | xz -T1 -6 >"$folder/$1"
}

# What the programs need when they run, and node-addon-api, which the addons need to be compiled.
modules() {
	node -e '
		const {packages} = JSON.parse(fs.readFileSync("package-lock.json", "utf8"));
		for (const [path, {dev, link}] of Object.entries(packages))
			if (path.startsWith("node_modules/") && !link && (!dev || path.endsWith("/node-addon-api")))
				console.log(path.slice("node_modules/".length));'
}

mkdir -p "$folder"
rm -rf "$tree"
cd "$top"
git ls-files -z --cached --others --exclude-standard -- . ':!debian' |
	while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
	archive "coloop_$upstream.orig.tar.xz" "$top" "coloop-$upstream"
modules | while read -r module; do find "node_modules/$module" -type f -printf "%P\0" | sed -z "s,^,$module/,"; done |
	archive "coloop_$upstream.orig-modules.tar.xz" "$top/node_modules" modules
mkdir "$tree"
tar --extract --file="$folder/coloop_$upstream.orig.tar.xz" --directory="$folder"
tar --extract --file="$folder/coloop_$upstream.orig-modules.tar.xz" --directory="$tree"
git ls-files -z --cached --others --exclude-standard -- debian |
	tar --create --null --files-from=- | tar --extract --directory="$tree"
sed -i "1s/([^)]*)/($version)/" "$tree/debian/changelog"
