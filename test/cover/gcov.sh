#!/bin/bash
# SPDX-License-Identifier: MIT
# gcov.sh: what the labs of stacks debug and debug-pv left in build/cover/lab as JSON.
#
#   build/cover/lab/NAME/*.gcda *.gcno      a machine's counts, with the notes of its build
#   build/cover/lab/NAME/gcov.json          one report a line
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
lab=$top/build/cover/lab
# Whatever counts was built by the compiler of Debian 13, and any of its roots has that.
root=$(readlink -f "$("$top/test/lab/images/make.sh" 13)/root")

# The folder is bound into it for as long as that takes.
unshare --mount --propagation private sh -c '
	mount --bind "$2" "$1/mnt" && exec chroot "$1" sh -c "
		for folder in /mnt/*/; do
			cd \"\$folder\"
			gcov --json-format --stdout -b *.gcda >gcov.json
		done"' sh "$root" "$lab"
