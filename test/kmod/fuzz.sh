#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fuzz.sh BUILD SECONDS TARGET...: every fuzzer this long, from its corpus on.  The ring's, record
# and tx, must do 50000 inputs in a second of processor time, whoever else uses the machine.

set -eu
build=$1 seconds=$2
shift 2
status=0
TIMEFORMAT='%U %S'

run() { # TARGET: says the processor time that it took
	{
		time "$build/fuzz-$1" -max_total_time="$seconds" -timeout=10 -print_final_stats=1 \
			-artifact_prefix="$found/" "$found" "corpus/$1" >"$log" 2>&1
	} 2>&1
}

for target; do
	found=$build/found-$target
	log=$build/fuzz-$target.log
	mkdir -p "$found"
	if ! took=$(run "$target"); then
		tail -n 40 "$log"
		echo "FAIL fuzz-$target: input in $found, log in $log"
		exit 1
	fi
	inputs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	rate=$(echo "$took $inputs" | awk '{ printf "%d", $3 / ($1 + $2) }')
	case $target in
	record | tx) least=50000 ;;
	*) least=0 ;;
	esac
	if [ "$rate" -lt $least ]; then
		echo "FAIL fuzz-$target: $inputs inputs, $rate a second, fewer than $least"
		status=1
	else
		echo "ok   fuzz-$target: $inputs inputs, $rate in a second of processor time"
	fi
done
exit $status
