// SPDX-License-Identifier: MIT
import type {Share} from './counts.ts';

type Kind = {readonly name: string; readonly holds: (share: Share) => boolean};

const named =
	(pattern: RegExp) =>
	({name}: Share): boolean =>
		pattern.test(name);

/*
 * What instructions are spent on, told by the names of functions (Linux 6.1 and 6.12, Xen 4.17 and
 * 4.20); the first that fits has it.
 */
const kinds: readonly Kind[] = [
	{name: 'programs', holds: ({part}) => part === 'user'},
	{
		name: 'copies and sums of payload',
		// GCC 12 has coloop_copy() inlined in copy_packet(), which does little else.
		holds: named(/^(rep_movs|copy_user|coloop_copy|copy_packet|coloop_rx_copy|memcpy|csum_)/),
	},
	{name: 'zeroing', holds: named(/^(clear_page|memset)/)},
	{name: 'the module, without its copies', holds: ({part}) => part === 'coloop'},
	{
		name: 'events, switches between domains',
		holds: ({name, part}) =>
			/evtchn|event|eoi|irq|softirq|upcall/.test(name) ||
			(part === 'xen' && /sched|vcpu|runq|runstate|context_switch|timer|idle/.test(name)),
	},
	{
		name: 'system calls, traps, page tables',
		holds: ({name, part}) =>
			part === 'xen' || /entry|syscall|iret|xen_|hypercall|exception|pte|pmd/.test(name),
	},
	{
		name: 'switches between processes, timers',
		holds: named(
			/sched|enqueue|dequeue|load_avg|pick_|psi_|update_curr|wake|switch|idle|tick|timer|rb_/,
		),
	},
	{
		name: 'allocating and freeing',
		holds: named(/page|slab|kmem|kmalloc|kfree|alloc|rmqueue|folio/),
	},
	{
		name: 'sockets, TCP, UDP, IP, devices',
		holds: named(
			/tcp|udp|ip_|inet|sk_|sock|skb|dev_|netif|napi|net_|nf_|neigh|eth_|iter|datagram/,
		),
	},
	{name: 'other functions of the kernels', holds: () => true},
];

/** Functions by what they are for, in the order of their counts. */
export function kindsOf(functions: readonly Share[]): {name: string; count: number}[] {
	const counts = new Map<string, number>();
	for (const share of functions) {
		const name = kinds.find(({holds}) => holds(share))?.name ?? '';
		counts.set(name, (counts.get(name) ?? 0) + share.count);
	}

	return [...counts]
		.map(([name, count]) => ({name, count}))
		.sort((one, other) => other.count - one.count);
}
