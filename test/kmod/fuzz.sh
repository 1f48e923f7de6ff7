#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# fuzz.sh BUILD SECONDS: both fuzzers, half of the time each, from the corpus on.

set -eu
build=$1
each=$(($2 / 2))

for target in record tx; do
	found=$build/found-$target
	log=$build/fuzz-$target.log
	mkdir -p "$found"
	if ! "$build/fuzz-$target" -max_total_time=$each -timeout=10 -print_final_stats=1 \
		-artifact_prefix="$found/" "$found" corpus/$target >"$log" 2>&1; then
		tail -n 40 "$log"
		echo "FAIL fuzz-$target: input in $found, log in $log"
		exit 1
	fi
	echo "ok   fuzz-$target: $(sed -n 's/^Done \(.*\)$/\1/p' "$log")"
done
