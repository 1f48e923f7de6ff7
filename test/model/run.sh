#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh [MODEL...]: lets Spin look at every order of steps of the models here, first as they are,
# in several sizes, then with one step broken at a time.  The first must hold, the others must
# not, and what objects must be the property that is named.  A property that no broken step
# violates proves nothing, and fails, too.  BUILD names another folder for what is made.

set -u
here=$(cd "$(dirname "$0")" && pwd)
build=${BUILD:-$(cd "$here/../.." && pwd)/build/model}
passed=0
failed=0
held=0
found=0
mkdir -p "$build"
: >"$build/violated"

fail() {
	echo "FAIL $*"
	failed=$((failed + 1))
}

# check MODEL MACRO[=TEXT]...: one run of Spin; sets errors, states, why and property
check() {
	model=$1 compile=-DSAFETY search= optimize=-O1
	shift
	# A broken step is found after few states: compiling would take longer.
	[ "$wanted" = 0 ] || optimize=-O0
	for macro; do
		[ "$macro" != LIVE ] || compile=-DNFAIR=4 search='-a -f'
		case $macro in
		*=*) echo "#define ${macro%%=*} ${macro#*=}" ;;
		*) echo "#define $macro" ;;
		esac
	done >"$build/config.pml"
	(
		cd "$build" && cat config.pml "$here/$model.pml" >model.pml &&
			spin -a model.pml &&
			gcc $optimize -w $compile -o pan pan.c &&
			./pan $search -m2000000
	) >"$build/log" 2>&1
	errors=$(sed -n 's/.*errors: \([0-9]*\)$/\1/p' "$build/log")
	states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' "$build/log")
	why=$(sed -n 's/^pan:1: \(.*\) (at depth.*/\1/p' "$build/log")
	case $why in
	'invalid end state'*) property=wake ;;
	'acceptance cycle'*) property=done ;;
	# claim(property, ...) puts the name first.
	*) property=$(echo "$why" | sed -n 's/^assertion violated *[( ]*\([a-z]*\) *||.*/\1/p') ;;
	esac
	! grep -q 'max search depth too small' "$build/log" || errors='depth'
}

selected() {
	[ -z "$models" ] || case " $models " in *" $1 "*) ;; *) return 1 ;; esac
}

holds() { # MODEL NAME MACRO...
	model=$1 name=$2 wanted=0
	shift 2
	selected "$model" || return 0
	check "$model" "$@"
	if [ "$errors" != 0 ]; then
		cp "$build/log" "$build/failed.log"
		fail "$model: $name: errors: ${errors:-none counted} $why; see $build/failed.log"
		return
	fi
	echo "ok   $model: $name ($states states)"
	held=$((held + 1))
}

broken() { # MODEL PROPERTY NAME MACRO...
	model=$1 expected=$2 name=$3 wanted=1
	shift 3
	selected "$model" || return 0
	check "$model" "$@"
	if [ "$errors" != 1 ] || [ "$property" != "$expected" ]; then
		cp "$build/log" "$build/failed.log"
		fail "$model: broken: $name: ${errors:-no run}, ${property:-nothing} objected," \
			"not $expected; see $build/failed.log"
		return
	fi
	echo "ok   $model: broken: $name ($property, after $states states)"
	echo "$model $property" >>"$build/violated"
	found=$((found + 1))
}

used() { # MODEL: the names that its assertions give; "property" is a macro's
	sed -n 's/.*[^a-z_]claim(\([a-z]*\),.*/\1/p' "$here/$1.pml" | grep -vx property | sort -u
}

properties() { # MODEL: the names listed in its head
	sed -n '/^ \* Properties/,/^ \*\//s/^ \*   \([a-z]*\)  .*/\1/p' "$here/$1.pml"
}

models=$*
. "$here/runs.sh"

count=0
listed=0
for file in "$here"/*.pml; do
	model=$(basename "$file" .pml)
	selected "$model" || continue
	count=$((count + 1))
	[ -n "$(properties "$model")" ] || fail "$model: its head lists no properties"
	for property in $(used "$model"); do
		properties "$model" | grep -qx "$property" || fail "$model: its head does not list $property"
	done
	grep -q "^holds $model " "$here/runs.sh" || fail "$model: runs.sh does not run it as it is"
	for property in $(properties "$model"); do
		listed=$((listed + 1))
		grep -qx "$model $property" "$build/violated" ||
			fail "$model: no broken step violates $property"
	done
done
[ $count -gt 0 ] || fail "no model is named $models"
echo "$count models, $listed properties: $held runs hold, $found of $((found + failed)) broken steps found"
echo "$((held + found)) passed, $failed failed"
[ $failed = 0 ]
