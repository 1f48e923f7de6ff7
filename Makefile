# SPDX-License-Identifier: MIT
# Front door; every target does its own set-up.  No logic here.
#
#   make demo       real Xen, two guests, the same programs before and after: build/demo.json
#   make bench      every row by netfront, loopback and the channel: build/bench.json, .md, .svg;
#                   BENCH='stream tcp_rr_14' picks groups and rows
#   make bench-threads              what a second processor gains, in turns: queues, sockets that busy poll
#   make bench-table                README's table from build/bench.json; RESULTS='old.json new.json'
#   make bench-control              what dom0's host role costs with up to a thousand guests: build/bench-control.md
#   make bench-compare OLD=file     what changed by more than 2 % since an older bench.json
#   make migration  a guest moves between two hosts under traffic, with Coloop and without: build/migration.json,
#                   docs/migration.svg
#   make profile ROW=tcp_rr_14      a row's instructions by function; ARM=netfront, loopback
#   make test       unit and harness tests, those of a dom0 without Xen, then the lab's on real Xen, one stack
#   make dom0-test  the real daemon with real rules and packets, in namespaces: test/dom0/README.md
#   make watched-test   what Debian's Prometheus reads, alerts, and the page of `coloop ui` in Chromium
#   make fleet-test     policy of a real etcd of three members, which die; two hundred hosts
#   make ui-picture     draws docs/ui.png anew
#   make test-all   and models, fuzzing, mutants, proofs, attacks; ends with `make claims`
#   make test-long  and what takes hours: counts by the thousand, every stack, the kernels that watch,
#                   a soak
#   make lab        a Xen host with two guests to play with; Ctrl-D ends it
#   make conform    each kind of packet over the channel and over netfront: what programs, captures and
#                   counters saw, compared; writes test/README.md's table.  CASES='name' 'name' picks some
#   make soak HOURS=2   traffic both ways, every byte compared, while things go wrong; SEED=n repeats
#   make claims     all that is claimed of safety: how it is checked, what it showed, and when;
#                   KEEP=1 puts what runs in this tree have shown into the tree for good
#   make harness    the ring core in user space; make fuzz HOURS=n, make model, make frama
#   make fuzz-guard MINUTES=n       random rules of dom0 on a real bridge, real packets: does the guard
#                   let anything be bypassed?  SEED=n repeats, FIRST=n begins at a ruleset
#   make fuzz-policy COUNT=n        random policies: do the schema for editors and the parser say the same?
#   make audit      every place where the module reads what a peer or a caller said, with its test
#   make coverage   of the module (harness, and the labs of STACK=debug and debug-pv that ran
#                   before) and of the TypeScript
#   make check      compiler and static gates of the module, on the kernels of STACK and of every other
#                   stack that was built; lint of the rest
#   make deb        Debian packages of each stack of DEB, in clean roots: build/deb-13, build/deb-12
#   make deb-check  what was built is the same bytes again, passes lintian, installs, runs, and purges whole
#   make manual     man pages and completion of shells, from the programs' own tables: build/manual
#   make generate   what is made from kmod/spec/coloop.yaml and the policy's schema
#
# STACK=13 (Debian 13: Xen 4.20, Linux 6.12; the default), 12 (Xen 4.17, Linux 6.1), next (13 with the
# newest kernel of Debian's backports), debug (13, whose guests are PVH and have a kernel that watches
# itself, with KASAN) or debug-pv (PV ones, without); either kernel is built once, in a quarter of an hour.
# systemd and systemd-12 are 13 and 12 with systemd as PID 1, for LAB_TESTS='packages administrator'.
# MODE=icount counts time in lab tests that do not say which they want: one processor is enough.

SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -ec
STACK ?= 13
export STACK
# What `make test` runs of test/lab/tests; it is to take less than 45 minutes.
LAB_TESTS ?= boot channel dom0 egress faults hostile rules
# And what `make test-all` and the other stacks run beside these.
MORE_TESTS = attacks blocked budget conform limits netlink offers openvswitch order reasons receiving waiting withdrawn

ready := . test/setup/host.sh
ava := node node_modules/ava/entrypoints/cli.mjs

BENCH ?=
RESULTS ?=
ROW ?=
ARM ?= channel
export BENCH ROW ARM

.PHONY: demo bench bench-threads bench-table bench-compare bench-control migration profile test test-all unit harness model fuzz fuzz-guard fuzz-guard-pure fuzz-policy frama audit
.PHONY: conform coverage dom0-test watched-test fleet-test ui-picture lab-test test-all-runs soak claims build lab deb deb-check check generate manual clean
.PHONY: test-long test-long-13 test-long-12 test-long-next test-long-debug-pv test-long-debug

demo: build
	$(ready) && node build/ts/test/bench/demo.js

bench: build
	$(ready) && node build/ts/test/bench/bench.js

bench-threads: build
	$(ready) && node build/ts/test/bench/threads.js

bench-table:
	$(ready) && npx tsc -p tsconfig.json && node build/ts/test/bench/bench-table.js $(RESULTS)

bench-compare:
	$(ready) && npx tsc -p tsconfig.json && node build/ts/test/bench/bench-compare.js '$(OLD)'

# ROWS='plan idle' picks some.
bench-control:
	$(ready) && npx tsc -p tsconfig.json && node build/ts/test/bench-control/bench-control.js $(ROWS)

migration: build
	$(ready) && node build/ts/test/migration/migration.js

profile: build
	$(ready) && node build/ts/test/bench/profile/profile.js

test: unit harness dom0-test lab-test

# Each leaves its figure for the table, which ends it, whatever went before.  On lines of their own:
# `make -n` runs any line that says MAKE.
claim = $(ready) && node build/ts/test/claims/claim.js

test-all:
	status=0; $(MAKE) test-all-runs || status=$$?; $(MAKE) claims; exit $$status

test-all-runs: unit
	$(MAKE) harness
	$(MAKE) dom0-test
	$(MAKE) watched-test
	$(MAKE) fleet-test
	$(claim) harness passed
	$(claim) exhaustive passed
	$(MAKE) -C test/kmod records
	$(claim) records 10^8
	$(MAKE) model
	$(claim) model passed
	$(MAKE) audit
	$(claim) audit passed
	$(MAKE) frama
	$(claim) frama two alarms, both explained
	$(MAKE) -C test/kmod fuzz SECONDS=60
	$(claim) fuzz 60 s each, no crash
	$(MAKE) -C test/kmod mutants
	$(claim) mutants all found
	$(MAKE) fuzz-guard MINUTES=1
	$(claim) fuzz-guard $$(cat build/guard/figure)
	$(MAKE) lab-test LAB_TESTS='$(LAB_TESTS) $(MORE_TESTS)'

# One after the other, whatever becomes of each.
test-long:
	status=0; for run in test-long-13 test-long-12 test-long-next test-long-debug-pv test-long-debug soak; do \
		$(MAKE) $$run || status=$$?; done; $(MAKE) claims; exit $$status

test-long-13:
	$(MAKE) lab-test STACK=13 LAB_TESTS='attacks-pvh bystander channel-pvh cycles features full guests lies \
		pacing queues rings volume'

test-long-12:
	$(MAKE) lab-test STACK=12 LAB_TESTS='$(LAB_TESTS) $(MORE_TESTS)'

test-long-next:
	$(MAKE) lab-test STACK=next LAB_TESTS='$(LAB_TESTS) $(MORE_TESTS)'

# The kernels that watch; what ran of the module is counted on the way, and added up in the end.
debug_pv_tests = boot channel attacks hostile
test-long-debug-pv: export STACK = debug-pv
test-long-debug-pv:
	$(MAKE) lab-test LAB_TESTS='$(debug_pv_tests)'
	$(claim) debug-kernel-pv no splat and no leak: $(debug_pv_tests)

debug_tests = boot channel attacks hostile netlink failures
test-long-debug: export STACK = debug
test-long-debug:
	$(MAKE) lab-test LAB_TESTS='$(debug_tests)'
	$(claim) debug-kernel no splat and no leak: $(debug_tests)
	$(MAKE) coverage

# TypeScript alone: seconds.  The addons are built for this machine, to be tested here.
unit:
	$(ready) && npx tsc -p tsconfig.json
	$(MAKE) -s -C userland/netlink-js
	$(MAKE) -s -C userland/nftables-js
	$(ready) && node build/ts/kmod/spec/generate.js --check && $(ava)

harness:
	$(ready)
	$(MAKE) -s -C test/kmod test

dom0-test:
	$(ready) && npx tsc -p tsconfig.json
	$(MAKE) -s -C userland/netlink-js
	$(MAKE) -s -C userland/nftables-js
	$(ready) && $(ava) --config test/dom0/ava.config.js

watched-test:
	$(ready) && coloop_need prometheus prometheus && coloop_need chromium chromium && \
		coloop_need prometheus-node-exporter prometheus-node-exporter && npx tsc -p tsconfig.json
	$(ready) && $(ava) --config test/watched/ava.config.js

fleet-test:
	$(ready) && coloop_need etcd etcd-server && coloop_need etcdctl etcd-client && \
		coloop_need openssl openssl && npx tsc -p tsconfig.json
	$(ready) && $(ava) --config test/fleet/ava.config.js

ui-picture:
	$(ready) && coloop_need chromium chromium && npx tsc -p tsconfig.json
	$(ready) && node build/ts/test/watched/bin/draw.js

# The labs' counts are added where there are any: STACK=debug make lab-test.
coverage:
	$(ready) && npx tsc -p tsconfig.json
	$(MAKE) -s -C userland/netlink-js
	$(MAKE) -s -C userland/nftables-js
	$(MAKE) -s -C test/kmod cover
	[ ! -d build/cover/lab ] || test/cover/gcov.sh
	$(ready) && npx c8 --all --include 'build/ts/userland/**' --temp-directory build/cover/v8 \
		--reports-dir build/cover/ts --reporter=json-summary $(ava)
	$(ready) && node build/ts/test/cover/cover.js

model:
	$(ready) && coloop_need spin spin && test/model/run.sh

fuzz:
	$(ready)
	$(MAKE) -s -C test/kmod fuzz

# In namespaces of its own, whose end takes everything with it.
fuzz-guard:
	$(ready) && npx tsc -p tsconfig.json
	$(MAKE) -s -C userland/netlink-js
	$(MAKE) -s -C userland/nftables-js
	$(MAKE) -s -C test/guard
	$(ready) && unshare --net --mount node build/ts/test/guard/main.js

# The guard against a packet-by-packet interpreter; COUNT=20000 is a try.
fuzz-guard-pure:
	$(ready) && npx tsc -p tsconfig.json && node build/ts/test/guard-model/fuzz.js $(or $(COUNT),1000000)

# The policy's schema against its parser, by random documents.
fuzz-policy:
	$(ready) && npx tsc -p tsconfig.json && node build/ts/test/policy-documents/fuzz.js $(or $(COUNT),100000) $(SEED)

frama:
	$(ready) && coloop_need frama-c frama-c-base
	$(MAKE) -s -C test/kmod frama

audit:
	$(ready) && npx tsc -p tsconfig.json && node build/ts/test/audit/main.js

build:
	$(ready) && npx tsc -p tsconfig.json && test/setup/build.sh $(STACK)

lab-test: build
	$(ready) && $(ava) --config test/lab/ava.config.js $(LAB_TESTS:%=build/ts/test/lab/tests/%.js)

# Counted time: what waits for nothing is skipped.
conform: export MODE := icount
conform: build
	$(ready) && node build/ts/test/conform/main.js $(CASES)

# HOURS=0.1 is a try.
HOURS ?= 2
soak: export HOURS := $(HOURS)
soak:
	$(MAKE) lab-test LAB_TESTS=soak

claims:
	$(ready) && npx tsc -p tsconfig.json && node build/ts/test/claims/table.js $(if $(KEEP),--keep)

lab: build
	$(ready) && node build/ts/test/lab/bin/lab.js --stack $(STACK)

DEB ?= 13 12
deb:
	$(ready) && packaging/deb.sh $(DEB)

deb-check:
	$(ready) && packaging/check.sh $(DEB)

check:
	$(ready) && npx eslint . && npx prettier --check --log-level=warn . && test/kmod/check.sh

generate:
	$(ready) && npx tsc -p tsconfig.json && node build/ts/kmod/spec/generate.js
	$(ready) && node build/ts/userland/policy/print-schema.js >policy/schema.json
	$(ready) && npx prettier --write policy/schema.json

manual:
	$(ready) && npx tsc -p tsconfig.json && node build/ts/userland/bin/manual.js build/manual

# The cache of images and snapshots lies outside the tree and stays.
clean:
	rm -rf build
