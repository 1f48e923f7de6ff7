// SPDX-License-Identifier: MIT

/** All that is claimed of safety (SECURITY.md), and the command that shows it. */
export const claims = [
	{
		name: 'harness',
		claim: 'the ring core: a table of cases, and records between two threads, each byte checked',
		command: 'make harness',
	},
	{
		name: 'records',
		claim: 'the same two threads over 10^8 records',
		command: 'make -C test/kmod records',
	},
	{
		name: 'exhaustive',
		claim: 'the ring core at 8-bit indices: every state times every kind of record',
		command: 'make harness',
	},
	{
		name: 'fuzz',
		claim: 'both ends of a ring, the control page, what a record says and netlink requests, under fuzzers, no crash',
		command: 'make fuzz HOURS=n',
	},
	{
		name: 'fuzz-guard',
		claim: "no rule, flag or filter of dom0's that loses or changes a packet is called harmless, on a real bridge",
		command: 'make fuzz-guard MINUTES=n',
	},
	{
		name: 'mutants',
		claim: 'every barrier and check of the ring core, of peer look-up and of requests is missed when it is taken out',
		command: 'make -C test/kmod mutants',
	},
	{
		name: 'model',
		claim: 'at least 8 models, 30 properties and 12 mutations, each found',
		command: 'make model',
	},
	{
		name: 'frama',
		claim: 'no run-time error in the ring core whatever shared memory says',
		command: 'make frama',
	},
	{name: 'audit', claim: 'every read of what a peer says has a test', command: 'make audit'},
	{
		name: 'debug-kernel',
		claim: 'no splat and no leak with KASAN, UBSAN, lockdep, kmemleak',
		command: 'make lab-test STACK=debug',
	},
	{
		name: 'debug-kernel-pv',
		claim: 'the same in PV guests, which have no KASAN',
		command: 'make lab-test STACK=debug-pv',
	},
	{
		name: 'fail-nth',
		claim: 'every allocation fails once, through load, connect, disconnect, unload',
		command: 'make lab-test STACK=debug LAB_TESTS=failures',
	},
	{
		name: 'netlink',
		claim: 'every netlink request is answered, however wrong, and leaves nothing behind',
		command: 'make lab-test LAB_TESTS=netlink',
	},
	{
		name: 'coverage',
		claim: '85 % of lines of the module, all branches of the ring core, 90 % of TypeScript',
		command: 'make coverage',
	},
	{
		name: 'attacks',
		claim: 'at least 32 named attacks on a PV victim; nothing is held after any of them',
		command: 'make lab-test LAB_TESTS=attacks',
	},
	{
		name: 'attacks-pvh',
		claim: 'the same on a PVH victim',
		command: "make lab-test LAB_TESTS='attacks-pvh'",
	},
	{
		name: 'mutated-headers',
		claim: '10^6 mutated headers',
		command: 'make lab-test LAB_TESTS=volume',
	},
	{name: 'index-jumps', claim: '10^5 index jumps', command: 'make lab-test LAB_TESTS=volume'},
	{
		name: 'record-lengths',
		claim: 'records of every length',
		command: 'make lab-test LAB_TESTS=volume',
	},
	{
		name: 'control-lies',
		claim: '10^4 lies in the control page',
		command: 'make lab-test LAB_TESTS=volume',
	},
	{
		name: 'other-channels',
		claim: "the victim's other channel loses less than 10 % of its rate to lies and to events",
		command: 'make lab-test LAB_TESTS=bystander',
	},
	{
		name: 'fallback',
		claim: 'a liar is broken with its reason in `coloop show`; traffic with it goes on',
		command: 'make lab-test LAB_TESTS=hostile',
	},
	{
		name: 'event-rate',
		claim: 'a storm of 100 000 events a second',
		command: 'make lab-test LAB_TESTS=attacks',
	},
	{
		name: 'connect-cycles',
		claim: '1 000 connects and disconnects; grants, ports, memory back',
		command: 'make lab-test LAB_TESTS=cycles CYCLES=1000',
	},
	{
		name: 'load-cycles',
		claim: '200 loads and unloads of the module under traffic',
		command: 'make lab-test LAB_TESTS=cycles LOADS=200 MINUTES=60',
	},
	{
		name: 'destroy-cycles',
		claim: '100 guests destroyed under load',
		command: 'make lab-test LAB_TESTS=cycles DESTROYS=100 MINUTES=150',
	},
	{
		name: 'save-cycles',
		claim: '50 saves and restores under load',
		command: 'make lab-test LAB_TESTS=cycles SAVES=50 MINUTES=150',
	},
	{
		name: 'soak',
		claim: 'mixed traffic, faults and policy changes; every payload byte checked',
		command: 'make soak HOURS=2',
	},
] as const;

export type ClaimName = (typeof claims)[number]['name'];
