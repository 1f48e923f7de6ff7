#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh [BUILD]: lets Spin look at every order of steps of ring.pml, first as it is, in several
# sizes, then with one step broken at a time.  The first must hold, the others must not.

set -u
here=$(cd "$(dirname "$0")" && pwd)
build=${1:-$(cd "$here/../.." && pwd)/build/model}
passed=0
failed=0

# look NAME WANTED MACRO[=TEXT]...: one run of Spin; WANTED is the number of errors
look() {
	name=$1 wanted=$2 compile=-DSAFETY check= optimize=-O1
	# A broken step is found after few states: compiling would take longer.
	[ "$2" = 0 ] || optimize=-O0
	shift 2
	for macro; do
		[ "$macro" != LIVE ] || compile=-DNFAIR=4 check='-a -f'
		case $macro in
		*=*) echo "#define ${macro%%=*} ${macro#*=}" ;;
		*) echo "#define $macro" ;;
		esac
	done >"$build/config.pml"
	(
		cd "$build" && cat config.pml "$here/ring.pml" >ring.pml &&
			spin -a ring.pml &&
			gcc $optimize -w $compile -o pan pan.c &&
			./pan $check -m1000000
	) >"$build/log" 2>&1
	errors=$(sed -n 's/.*errors: \([0-9]*\)$/\1/p' "$build/log")
	states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' "$build/log")
	why=$(sed -n 's/^pan:1: \(.*\) (at depth.*/, \1/p' "$build/log")
	if [ "$errors" = "$wanted" ] && ! grep -q 'max search depth too small' "$build/log"; then
		echo "ok   $name ($states states$why)"
		passed=$((passed + 1))
	else
		cp "$build/log" "$build/failed.log"
		echo "FAIL $name: errors: ${errors:-none counted}$why; see $build/failed.log"
		failed=$((failed + 1))
	fi
}

holds() { # NAME MACRO...
	name=$1
	shift
	look "$name" 0 "$@"
}

broken() { # NAME MACRO...
	name=$1
	shift
	look "broken: $name" 1 "$@"
}

mkdir -p "$build"

holds '2 slots, 6 records' N=2 K=6
holds '4 slots, 8 records' N=4 K=8
holds '4 slots, records of 1 to 4 slots' N=4 K=6 BIGGEST=4
holds '2 slots, bursts and batches of 2' N=2 K=6 BURST=2 BATCH=2
holds '4 slots, bursts and batches of 2, records of 1 to 2' N=4 K=5 BURST=2 BATCH=2 BIGGEST=2
holds 'both ends get done' BURST=2 BATCH=2 LIVE
holds 'lying producer' N=4 K=5 BATCH=2 HOSTILE_PRODUCER
holds 'lying consumer' N=2 K=4 BIGGEST=2 HOSTILE_CONSUMER

broken 'no P5' P5=skip
broken 'no P8' P8=skip
broken 'no C5' C5=skip
broken 'no C8' C8=skip
broken 'no P9' P9=false
broken 'no C9' C9=cons
broken 'P4 before P3' P4_BEFORE_P3
broken 'C4 before C3' C4_BEFORE_C3
broken 'P7 asks for one slot too many' BIGGEST=2 'P7=(prod+size-N+1)'
broken 'C7 waits for what it has' C7=cons
broken 'P6, C6 leave out the new index' 'CROSSED(m,o,n)=(SUB(m,(o)+1)+1<SUB(n,o))'
broken 'P6, C6 compare without wrap' 'CROSSED(m,o,n)=((m)>(o)&&(m)<=(n))'
broken 'producer sleeps on an untold burst' BURST=2 BIGGEST=2 TELL_BEFORE_SLEEP=false
broken 'consumer sleeps on an unpublished batch' BATCH=2 BIGGEST=2 PUBLISH_BEFORE_SLEEP=false
broken 'C2 takes a full ring for a lie' 'C2(p)=(SUB(p,cons)>=N)'
broken 'P2 takes an empty ring for a lie' 'P2(c)=(SUB(c,cons)>=SUB(prod,cons))'
broken 'no C2' HOSTILE_PRODUCER 'C2(p)=false'
broken 'no P2' HOSTILE_CONSUMER 'P2(c)=false'

echo "$passed passed, $failed failed"
[ $failed = 0 ]
