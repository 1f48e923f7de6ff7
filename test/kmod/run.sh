#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# run.sh PROGRAM...: runs test programs one after the other and adds up their last lines.
# A program that ends without one (a sanitizer stopped it) counts as one failure.

passed=0
failed=0
for program; do
	echo "-- $program"
	log=$program.log
	"$program" >"$log" 2>&1
	status=$?
	cat "$log"
	set -- $(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$log")
	if [ $# = 2 ] && [ $status = 0 -o "$2" -gt 0 ]; then
		passed=$((passed + $1))
		failed=$((failed + $2))
	else
		echo "FAIL $program ended with status $status"
		failed=$((failed + 1))
	fi
done
echo "-- all"
echo "$passed passed, $failed failed"
[ $failed = 0 ]
