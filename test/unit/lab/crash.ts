// SPDX-License-Identifier: MIT
import test from 'ava';
import {findCrashes, isFatal} from '../../lab/crash.ts';

const oops = (seconds: string, address: string, process: string) =>
	`[    ${seconds}] eth0: link up
[    ${seconds}] BUG: kernel NULL pointer dereference, address: ${address}
[    ${seconds}] #PF: supervisor read access in kernel mode
[    ${seconds}] CPU: 0 PID: ${process} Comm: iperf3 Tainted: G           OE
[    ${seconds}] RIP: e030:coloop_receive+0x41/0x2f0 [coloop]
[    ${seconds}] Call Trace:
[    ${seconds}]  __napi_poll+0x2b/0x1c0
[    ${seconds}]  net_rx_action+0x2a6/0x360
[    ${seconds}] ---[ end trace 0000000000000000 ]---
[    ${seconds}] eth0: link down`;

test('an oops is cut out with its trace, once', t => {
	const [crash, ...more] = findCrashes('a', oops('12.345678', '0000000000000008', '419'));
	t.deepEqual(more, []);
	t.is(crash?.where, 'a');
	t.is(crash?.title, 'BUG: kernel NULL pointer dereference, address: 0000000000000008');
	t.regex(crash?.text ?? '', /^\[.*BUG:[^]*end trace.*\]---$/);
	t.notRegex(crash?.text ?? '', /link/);
});

const kasan = `[   60.1] ==================================================================
[   60.2] BUG: KASAN: slab-use-after-free in coloop_receive+0x41/0x2f0 [coloop]
[   60.3] Call Trace:
[   60.3]  <TASK>
[   60.3]  coloop_receive+0x41/0x2f0 [coloop]
[   60.3]  </TASK>
[   60.4] Freed by task 12:
[   60.4]  kfree+0x10/0x20
[   60.5] ==================================================================
[   60.6] eth0: link down`;

test('what KASAN says goes to the line at its end; a trace to its own', t => {
	const [crash, ...more] = findCrashes('a', kasan);
	t.deepEqual(more, []);
	t.regex(crash?.text ?? '', /^\S+ +60.2\] BUG[^]*Freed by[^]*60.5\] =+$/);
	const warning = kasan.replace('BUG: KASAN: slab-use-after-free in', 'WARNING: suspicious');
	t.regex(findCrashes('a', warning)[0]?.text ?? '', /60.3\] {2}<\/TASK>$/);
});

test('the fingerprint is the fault, not its time, address or process', t => {
	const of = (log: string) => findCrashes('a', log)[0]?.fingerprint;
	const first = of(oops('12.345678', '0000000000000008', '419'));
	t.is(of(oops('99.000001', '0000000000000008', '7')), first);
	t.not(
		of(oops('12.345678', '0000000000000008', '419').replace('coloop_receive', 'other')),
		first,
	);
});

for (const line of [
	'[   60.1] WARNING: CPU: 0 PID: 9 at net/core/dev.c:3100 skb_warn_bad_offload+0xbc/0xd0',
	'[   60.1] BUG: KASAN: slab-out-of-bounds in ring_read+0x11/0x90',
	'[   60.1] WARNING: possible recursive locking detected',
	'[   60.1] WARNING: suspicious RCU usage',
	'[   60.1] BUG kmalloc-64 (Tainted: G    B      O ): Poison overwritten',
	'[   60.1] kernel BUG at lib/list_debug.c:62!',
	'[   60.1] ODEBUG: WARNING: free active (active state 0) object type: timer_list',
	'[   60.1] pagealloc: memory corruption',
	'unreferenced object 0xffff88800a0b0c00 (size 64):',
	'[   60.1] xen:grant_table: g.e. 0x2a1 still in use!',
	'[   60.1] xen:grant_table: leaking g.e. 0x2a1 and page 00000000c0ffee00',
	'[  120.0] INFO: task coloopd:411 blocked for more than 60 seconds.',
	'[   60.1] node[612]: segfault at 0 ip 00007f0 sp 00007ff error 4 in netlink.node[7f+1000]',
	'(XEN) d1v0 domain_crash called from p2m.c:1234',
	'(XEN) [2026-01-01 00:00:00] Domain 2 (vcpu#0) crashed on cpu#1:',
]) {
	test(`found: ${line}`, t => t.is(findCrashes('x', line).length, 1));
}

for (const line of [
	'[    1.0] clocksource: timekeeping watchdog on CPU0: Marking clocksource tsc as unstable',
	'[   30.0] coloop: loading out-of-tree module taints kernel.',
	'[   30.0] coloop: module verification failed: signature and/or required key missing',
	'(XEN) d1 has maximum 640 PIRQs',
	'[    1.0] DEBUG: nothing',
]) {
	test(`not a crash: ${line}`, t => t.deepEqual(findCrashes('x', line), []));
}

test('Xen or dom0 panicking is the end of the machine; a guest panicking is not', t => {
	t.true(isFatal('(XEN) Panic on CPU 0:\n'));
	t.true(isFatal('[   12.345678] Kernel panic - not syncing: Fatal exception\n'));
	t.false(isFatal('(XEN) Domain 1 (vcpu#0) crashed on cpu#0:\n'));
});
