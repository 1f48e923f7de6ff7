// SPDX-License-Identifier: MIT
import type {Command} from './command.ts';
import {bridge, vifs} from './places.ts';
import type {Random} from './random.ts';
import {bpfFolder} from './world.ts';

/** Queues, filters and programs of one or two devices. */
export function trafficControl(random: Random): Command[] {
	const devices = new Set(random.several(1, 2, () => random.pick([...vifs, bridge])));

	return [...devices].flatMap(device => random.weighted(makers)(random, device));
}

const makers: ReadonlyArray<readonly [number, (random: Random, device: string) => Command[]]> = [
	[6, queue],
	[6, filters],
	[2, sharedBlock],
	[2, xdp],
	[2, programLink],
];

/** Harmless ones as well as those that lose what is too much. */
const queues = [
	'pfifo',
	'pfifo limit 1',
	'bfifo limit 1000',
	'pfifo_fast',
	'noqueue',
	'tbf rate 1gbit burst 100000 limit 100000',
	'tbf rate 8kbit burst 1600 limit 1600',
	'htb',
	'htb default 1',
];

function queue(random: Random, device: string): Command[] {
	const kind = random.pick(queues);
	const root: Command = {
		tool: 'tc',
		text: `qdisc add dev ${device} root handle 1: ${kind}`,
		undo: `qdisc del dev ${device} root`,
	};
	const classes: Command[] = [
		`class add dev ${device} parent 1: classid 1:1 htb rate 1gbit`,
		`class add dev ${device} parent 1: classid 1:2 htb rate 8kbit burst 1600 cburst 1600`,
		...random.several(0, 2, () => filter(random, `dev ${device} parent 1:`)),
	].map(text => ({tool: 'tc', text}));

	return kind.startsWith('htb') ? [root, ...classes] : [root];
}

function filters(random: Random, device: string): Command[] {
	const kind = random.pick(['clsact', 'clsact', 'ingress']);
	const places = kind === 'clsact' ? ['ingress', 'egress'] : ['ingress'];

	return [
		{
			tool: 'tc',
			text: `qdisc add dev ${device} ${kind}`,
			undo: `qdisc del dev ${device} ${kind}`,
		},
		...random.several(0, 2, () => rule(random, `dev ${device} ${random.pick(places)}`)),
	];
}

/** Filters of which no device by itself says anything. */
function sharedBlock(random: Random, device: string): Command[] {
	const place = random.pick(['ingress_block', 'egress_block']);

	return [
		{
			tool: 'tc',
			text: `qdisc add dev ${device} ${place} 7 clsact`,
			undo: `qdisc del dev ${device} clsact`,
		},
		...random.several(1, 2, () => rule(random, 'block 7')),
	];
}

function rule(random: Random, where: string): Command {
	return {tool: 'tc', text: filter(random, where)};
}

/** A packet that goes to `lo` is lost. */
const steal = 'action mirred egress redirect dev lo';

function filter(random: Random, where: string): string {
	const protocol = random.pick(['ip', 'ipv6', 'all']);

	return `filter add ${where} protocol ${protocol} ${random.pick([
		`u32 match u32 0 0 ${steal}`,
		`u32 match u32 0 0 flowid 1:2`,
		`u32 match ip dport 53 0xffff ${steal}`,
		`u32 match ip dst 10.0.0.4/32 flowid 1:2`,
		'u32 match u32 0 0 action mirred egress mirror dev lo',
		`bpf da object-pinned ${bpfFolder}/tc-drop`,
		`bpf da object-pinned ${bpfFolder}/tc-pass`,
		'bpf bytecode "1,6 0 0 4294967295," flowid 1:2',
	])}`;
}

function xdp(random: Random, device: string): Command[] {
	const program = `${bpfFolder}/xdp-${random.pick(['pass', 'drop'])}`;

	return [
		{
			tool: 'ip',
			text: `link set dev ${device} xdpgeneric pinned ${program}`,
			undo: `link set dev ${device} xdpgeneric off`,
		},
	];
}

/** Where neither tc nor nft shows it: tcx, or a netfilter hook of IP. */
function programLink(random: Random, device: string): Command[] {
	const verdict = random.pick(['pass', 'drop']);
	const hooks = {prerouting: 0, input: 1, forward: 2, postrouting: 4};
	const where = random.weighted([
		[2, `tcx ${bpfFolder} tc-${verdict} ${device} ${random.pick(['ingress', 'egress'])}`],
		[
			1,
			`netfilter ${bpfFolder} nf-${verdict} ${random.pick(['4', '6'])} ${random.pick(Object.values(hooks))}`,
		],
	]);

	return [{tool: 'bpf', text: where, undo: `unlink ${bpfFolder}`}];
}
