#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# afl.sh BUILD SECONDS TARGET...: the same fuzzers under AFL++, each this long.  Debian 12: afl++

set -eu
build=$1 seconds=$2
shift 2
export AFL_NO_UI=1 AFL_NO_AFFINITY=1 AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1

for target; do
	found=$build/afl/found-$target
	log=$build/afl/$target.log
	rm -rf "$found"
	if ! afl-fuzz -V "$seconds" -i "corpus/$target" -o "$found" -- \
		"$build/afl/fuzz-$target" >"$log" 2>&1; then
		tail -n 20 "$log"
		echo "FAIL afl-$target: see $log"
		exit 1
	fi
	stats=$found/default/fuzzer_stats
	field() { sed -n "s/^$1 *: //p" "$stats"; }
	if [ "$(field saved_crashes)" != 0 ] || [ "$(field saved_hangs)" != 0 ]; then
		echo "FAIL afl-$target: inputs in $found/default"
		exit 1
	fi
	echo "ok   afl-$target: $(field execs_done) inputs, $(field execs_per_sec) a second"
done
