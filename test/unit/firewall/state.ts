// SPDX-License-Identifier: MIT
import test from 'ava';
import {readFirewall, type Tools} from '../../../userland/firewall/read.ts';
import {refusalBetween} from '../../../userland/firewall/state.ts';
import type {Port} from '../../../userland/firewall/types.ts';
import {plainDisciplines} from '../../../userland/kernel/constants.ts';
import type {Hook} from '../../../userland/kernel/hooks.ts';
import type {QueueLimit} from '../../../userland/kernel/queue-limits.ts';
import type {Queue} from '../../../userland/kernel/queues.ts';
import {host, vifA, vifB} from './_fixtures.ts';
import {
	bridgeDevice,
	fakeTools,
	indexes,
	iptables,
	plainDevices,
	portDevice,
	type Rules,
} from './_tools.ts';

type World = Partial<Tools> & {
	readonly files?: Readonly<Record<string, string>>;
	readonly rules?: string | Rules;
};

async function why(world: World, a: Port = vifA, b: Port = vifB): Promise<string | undefined> {
	const devices = ['vif3.0', 'vif4.0', 'xenbr0'];

	return refusalBetween(a, b, await readFirewall(devices, fakeTools(world)))?.text;
}

test('nothing in the way', async t => {
	t.is(await why({}), undefined);
	t.is(await why({}, vifA, host), undefined);
});

test('a rule is named with its text', async t => {
	t.is(
		await why({rules: 'port'}),
		'a rule of dom0 would be bypassed: table bridge filter, chain forward, handle 3: iifname "vif*" tcp dport { 22, 80 } counter drop',
	);
	t.is(await why({rules: 'port'}, vifA, host), undefined);
});

test('IP rules count where bridged packets pass them, host-wide or by the bridge', async t => {
	const rule =
		'a rule of dom0 would be bypassed (br_netfilter shows it bridged packets): table inet filter, chain forward, handle 1: policy drop';
	const sysctl = {'/proc/sys/net/bridge/bridge-nf-call-iptables': '1\n'};
	const off = {'/proc/sys/net/bridge/bridge-nf-call-iptables': '0\n'};
	const readDevices = async () => [
		bridgeDevice({callsIp6tables: true}),
		portDevice('vif3.0'),
		portDevice('vif4.0'),
	];

	t.is(await why({rules: 'inet-forward'}), undefined);
	t.is(await why({rules: 'inet-forward', files: off}), undefined);
	t.is(await why({rules: 'inet-forward', files: sysctl}), rule);
	t.is(await why({rules: 'inet-forward', readDevices}), rule);
	t.is(await why({rules: 'inet-forward', files: sysctl}, vifA, host), undefined);
});

test('legacy iptables counts where bridged packets pass it', async t => {
	const files = {
		'/proc/net/ip_tables_names': 'nat\nfilter\n',
		'/proc/net/ip6_tables_names': 'filter\n',
	};
	const on = {
		'/proc/sys/net/bridge/bridge-nf-call-iptables': '1',
		'/proc/sys/net/bridge/bridge-nf-call-ip6tables': '1',
	};

	for (const other of [vifB, host]) {
		t.is(await why({files}, vifA, other), undefined);
		t.is(
			await why({files: {...files, ...on}}, vifA, other),
			'bridged packets pass legacy iptables (nat, filter, IPv6 filter); its rules cannot be seen',
		);
	}
});

test("a port that dom0's IP chains would ask for counts where bridged packets have one", async t => {
	const files = {'/proc/sys/net/bridge/bridge-nf-call-iptables': '1'};
	const readDevices = async () => [bridgeDevice({callsIptables: true}), portDevice('vif3.0')];
	const rules = iptables('filter', 'input', 'physdev');
	const why0 =
		'a rule of dom0 would be bypassed (br_netfilter shows it bridged packets): table ip filter, chain INPUT, handle 2: xt match "physdev" drop';

	t.is(await why({rules, files}, vifA, host), why0);
	t.is(await why({rules, files}, host, vifA), why0);
	t.is(await why({rules, readDevices}, vifA, host), why0);
	t.is(await why({rules}, vifA, host), undefined);
	t.is(
		await why({rules: iptables('raw', 'prerouting', 'physdev'), files}, vifA, host),
		why0.replace('ip filter, chain INPUT', 'ip raw, chain PREROUTING'),
	);
	t.is(
		await why({rules: iptables('filter', 'input', 'conntrack'), files}, vifA, host),
		undefined,
	);
});

test('what dom0 routes counts too, but not what is accepted either way', async t => {
	const files = {'/proc/sys/net/bridge/bridge-nf-call-iptables': '1'};
	const forward = (verdict: string, policy?: string) =>
		iptables('filter', 'forward', 'physdev', verdict, policy);

	t.regex(
		(await why({rules: forward('drop'), files}, vifA, host)) ?? '',
		/chain FORWARD, handle 2: xt match "physdev" drop$/,
	);
	t.is(await why({rules: forward('accept'), files}, vifA, host), undefined);
	t.regex(
		(await why({rules: forward('accept', 'drop'), files}, vifA, host)) ?? '',
		/chain FORWARD, handle 2: xt match "physdev" accept$/,
	);
});

test('legacy ebtables counts where its hooks are, or, where none are listed, its modules', async t => {
	const files = {
		'/proc/modules':
			'ebtable_filter 16384 1 - Live 0x0\nebtables 40960 1 ebtable_filter, Live 0x0\n',
	};
	const text = 'legacy ebtables is loaded (ebtable_filter); its rules cannot be seen';
	const readHooks = async () => [hook('ebt_do_table', {module: 'ebtables'})];
	const untold = {readHooks: async () => undefined};

	t.is(await why({files}), undefined);
	t.is(await why({files, readHooks}), text);
	t.is(await why({files, ...untold}), text);
	t.is(await why(untold), undefined);
	for (const world of [{readHooks}, {...untold, hasBuiltInEbtables: async () => true}]) {
		t.is(await why(world), text.replace('ebtable_filter', 'built in'));
	}
});

const hook = (name: string | undefined, more: Partial<Hook> = {}): Hook => ({
	...({family: 'bridge', place: 'forward', device: undefined} as const),
	...{name, module: undefined, program: undefined, isChain: false},
	...more,
});

test("what netfilter calls is the kernel's own or nftables', or else it is named", async t => {
	const says = (found: Hook, world: World = {}, other: Port = vifB) =>
		why({...world, readHooks: async () => [found]}, vifA, other);
	const ours =
		'netfilter calls sniff of the module ips at bridge forward, which would be bypassed';

	t.is(await says(hook('br_nf_forward_ip', {module: 'br_netfilter'})), undefined);
	t.is(await says(hook('whatever', {isChain: true})), undefined);
	t.is(await says(hook('coloop_divert_frame', {module: 'coloop'}), {}, host), undefined);
	t.is(await says(hook('sniff', {module: 'ips'})), ours);
	t.is(await says(hook('sniff', {module: 'ips'}), {}, host), ours);
	t.is(
		await says(hook(undefined)),
		'netfilter calls a function without a name at bridge forward, which would be bypassed',
	);
});

test('hooks of IP count where bridged packets pass them, but not for what dom0 itself sends and gets', async t => {
	const files = {'/proc/sys/net/bridge/bridge-nf-call-iptables': '1'};
	const readHooks = async () => [hook('nf_hook_run_bpf', {family: 'ip', program: 7})];

	t.is(await why({readHooks}), undefined);
	t.is(
		await why({readHooks, files}),
		'netfilter calls BPF program 7 at ip forward, which would be bypassed',
	);
	t.is(await why({readHooks, files}, vifA, host), undefined);
	t.is(
		await why({
			files,
			readHooks: async () => undefined,
			linked: () => [{id: 7, name: 'drop_all', target: 2, hook: 2}],
		}),
		'netfilter calls BPF program 7 (drop_all) at ip forward, which would be bypassed',
	);
});

test('hooks of a device count for who has it', async t => {
	const readDeviceHooks = async () => [
		hook('sniff', {family: 'netdev', place: 'egress', device: 'vif4.0'}),
	];

	t.is(
		await why({readDeviceHooks}),
		'netfilter calls sniff at netdev egress of vif4.0, which would be bypassed',
	);
	t.is(await why({readDeviceHooks}, vifA, host), undefined);
});

const queue = (device: keyof typeof indexes, kind: string, more: Partial<Queue> = {}): Queue => ({
	...{ifindex: indexes[device], kind, handle: 0, isRoot: true, hasRate: false, limits: []},
	...more,
});

test('traffic control on a device of the pair counts', async t => {
	const says = (queues: readonly Queue[], other?: Port) =>
		why({readQueues: async () => queues}, vifA, other);
	const eth0 = {...queue('vif3.0', 'tbf'), ifindex: 99};

	t.is(await says([queue('vif3.0', 'mq'), queue('vif3.0', 'pfifo_fast'), eth0]), undefined);
	t.is(
		await says([queue('vif4.0', 'tbf')]),
		'vif4.0 has a tc qdisc (tbf), which would be bypassed',
	);
	t.is(await says([queue('xenbr0', 'htb')]), undefined);
	t.is(
		await says([queue('xenbr0', 'htb')], host),
		'xenbr0 has a tc qdisc (htb), which would be bypassed',
	);
});

test("a queue that promises nobody a rate is nobody's rule", async t => {
	const of = (kind: string, hasRate = false) =>
		why({readQueues: async () => [queue('vif4.0', kind, {hasRate})]});

	for (const kind of [...plainDisciplines, 'fq', 'cake']) {
		t.is(await of(kind), undefined, kind);
	}
	for (const kind of ['fq', 'cake']) {
		t.is(
			await of(kind, true),
			`vif4.0 has a tc qdisc (${kind} with a rate), which would be bypassed`,
		);
	}
	t.is(await of('htb'), 'vif4.0 has a tc qdisc (htb), which would be bypassed');
});

test('a queue that changes or chooses what passes counts', async t => {
	const of = (kind: string, effect: string) =>
		why({readQueues: async () => [queue('vif4.0', kind, {effect})]});

	t.is(
		await of('cake', 'wash'),
		'vif4.0 has a tc qdisc (cake with wash), which would be bypassed',
	);
	t.is(
		await of('fq_codel', 'stab'),
		'vif4.0 has a tc qdisc (fq_codel with stab), which would be bypassed',
	);
});

test('a queue without room for a burst, or for a packet of full size, counts', async t => {
	const of = (limit: QueueLimit) =>
		why({readQueues: async () => [queue('vif4.0', 'fq', {limits: [limit]})]});

	t.is(await of({name: 'limit', unit: 'packets', value: 32}), undefined);
	t.is(
		await of({name: 'flow_limit', unit: 'packets', value: 31}),
		'vif4.0 has a tc qdisc (fq with flow_limit 31, less than 32 packets), which would be bypassed',
	);
	t.is(await of({name: 'limit', unit: 'bytes', value: 131_072}), undefined);
	t.is(
		await of({name: 'limit', unit: 'bytes', value: 48_448}),
		'vif4.0 has a tc qdisc (fq with limit 48448, less than 131072 bytes), which would be bypassed',
	);
	t.is(await of({name: 'ce_threshold', unit: 'us', value: 1000}), undefined);
	t.is(
		await of({name: 'interval', unit: 'us', value: 10}),
		'vif4.0 has a tc qdisc (fq with interval 10, less than 1000 us), which would be bypassed',
	);
});

test("a device's own queue counts where that has been made too short", async t => {
	const of = (kind: string, queueLength: number) =>
		why({
			readDevices: async () => plainDevices.map(device => ({...device, queueLength})),
			readQueues: async () => [queue('vif4.0', kind)],
		});

	t.is(await of('pfifo_fast', 32), undefined);
	t.is(await of('noqueue', 0), undefined);
	t.is(
		await of('pfifo_fast', 31),
		'vif4.0 has a tc qdisc (pfifo_fast with txqueuelen 31, less than 32 packets), which would be bypassed',
	);
});

test('clsact alone does nothing; its filters count', async t => {
	const readQueues = async () => [queue('vif3.0', 'clsact', {handle: 0xffff_0000})];

	t.is(await why({readQueues}), undefined);
	t.is(
		await why({
			readQueues,
			readFilters: async (_, parent) => (parent === 0xffff_fff3 ? ['bpf'] : []),
		}),
		'vif3.0 has a tc egress filter (bpf), which would be bypassed',
	);
});

test('filters that a plain queue holds count', async t => {
	const says = (kind: string, handle: number) =>
		why({
			readQueues: async () => [queue('vif3.0', kind, {handle})],
			readFilters: async (_, parent) => (parent === 0x0001_0000 ? ['u32', 'fw'] : []),
		});

	for (const kind of ['fq_codel', 'sfq', 'fq_pie', 'cake']) {
		t.is(
			await says(kind, 0x0001_0000),
			'vif3.0 has a tc parent 1: filter (u32, fw), which would be bypassed',
		);
		t.is(await says(kind, 0x0002_0000), undefined);
	}
	t.is(await says('fq', 0x0001_0000), undefined);
});

test('a queue without a handle holds filters as a root only', async t => {
	const says = (isRoot: boolean) =>
		why({
			readQueues: async () => [queue('vif3.0', 'fq_codel', {isRoot})],
			readFilters: async () => ['u32'],
		});

	t.is(await says(true), 'vif3.0 has a tc parent 0: filter (u32), which would be bypassed');
	t.is(await says(false), undefined);
});

test('an XDP program counts, on the bridge for dom0 alone', async t => {
	const hasXdp = true;
	const vif = async () => [
		bridgeDevice(),
		portDevice('vif3.0'),
		portDevice('vif4.0', {}, {hasXdp}),
	];
	const bridge = async () => [
		{...bridgeDevice(), hasXdp},
		portDevice('vif3.0'),
		portDevice('vif4.0'),
	];

	t.is(await why({readDevices: vif}), 'vif4.0 has an XDP program, which would be bypassed');
	t.is(await why({readDevices: bridge}), undefined);
	t.is(
		await why({readDevices: bridge}, vifA, host),
		'xenbr0 has an XDP program, which would be bypassed',
	);
});
