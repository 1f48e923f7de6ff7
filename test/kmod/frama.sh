#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# frama.sh BUILD: frama.c under Frama-C's EVA.  Every alarm but the explained ones fails, and so does
# an explained one that is gone.  Debian 12: frama-c-base

set -u
build=$1
log=$build/frama.log
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$build"
cd "$here" || exit 2

# Both in coloop_copy(), as coloop_rx_copy() calls it for a part.  EVA keeps no relation between the
# rest of a page and the place in it (index % 4096 twice, once after a mask), nor between what is
# copied and what is left of the buffer.  The cases of ring.c with every edge of a page, and fuzz-record with its buffers
# of exactly the right size, are there for that.
explained="copy.h:31 valid_src
copy.h:31 valid_dest"

# coloop_control_read() reads up to 512 grants; merged, its rounds would say nothing of the last.
command -v frama-c >/dev/null || { echo "FAIL frama: frama-c-base is not installed"; exit 1; }
if ! frama-c -c11 -machdep gcc_x86_64 -eva -eva-precision 7 -eva-split-return full \
	-eva-domains octagon -eva-slevel-function coloop_control_read:20000 \
	-cpp-extra-args="-I. -Ikernel -I../../kmod -idirafter /usr/include \
		-idirafter /usr/include/x86_64-linux-gnu" frama.c >"$log" 2>&1; then
	tail -n 20 "$log"
	echo "FAIL frama: see $log"
	exit 1
fi

# An alarm is "[eva:alarm] FILE:LINE: Warning: what"; what may be on the next line.
found=$(awk '/^\[eva:alarm\]/ {
	at = $2
	what = $0
	getline rest
	what = what " " rest
	gsub(/.*\/|:$/, "", at)
	sub(/.*Warning: */, "", what)
	if (match(what, /precondition .[a-z_]+/))
		what = substr(what, RSTART + 14, RLENGTH - 14)
	print at, what
}' "$log")
sed -n '/ANALYSIS SUMMARY/,$p' "$log"
if [ "$found" != "$explained" ]; then
	echo "FAIL frama: alarms are not the explained ones, but"
	echo "$found"
	exit 1
fi
echo "ok   frama: $(echo "$explained" | wc -l) alarms, all explained"
