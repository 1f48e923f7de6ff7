// SPDX-License-Identifier: MIT
import type {Command} from './command.ts';
import {dom0, guests} from './places.ts';
import type {Random} from './random.ts';

const builtIn = {
	filter: ['FORWARD', 'FORWARD', 'INPUT', 'OUTPUT'],
	nat: ['PREROUTING', 'POSTROUTING', 'OUTPUT'],
} as const;

/** Rules of ebtables-nft, as Xen's and libvirt's anti-spoofing scripts make them, and others. */
export function ebtablesRules(random: Random): Command[] {
	const table = random.weighted<keyof typeof builtIn>([
		[4, 'filter'],
		[1, 'nat'],
	]);
	const own = random.several(0, 2, index => `own${index}`);
	const bases = [...new Set(random.several(1, 2, () => random.pick(builtIn[table])))];
	const rules = (chain: string, below: readonly string[]) =>
		random.several(0, 4, () => `-A ${chain} ${ruleOf(random, table, below)}`);

	return [
		...own.map(chain => `-N ${chain} -P ${random.pick(['RETURN', 'ACCEPT', 'DROP'])}`),
		...bases.map(chain => `-P ${chain} ${random.pick(['ACCEPT', 'ACCEPT', 'DROP'])}`),
		...bases.flatMap(chain => rules(chain, own)),
		...own.flatMap((chain, depth) => rules(chain, own.slice(depth + 1))),
	].map(text => ({tool: 'ebtables', text: `-t ${table} ${text}`}));
}

function ruleOf(random: Random, table: string, below: readonly string[]): string {
	const matches = new Set(random.several(0, 2, () => matchOf(random)));

	return [...matches, targetOf(random, table, below)].join(' ');
}

const macs = [...guests, dom0].map(({port}) => port.mac);
const devices = ['vif3.0', 'vif4.0', 'vif+', 'eth0'];

function matchOf(random: Random): string {
	const not = random.chance(0.25) ? '! ' : '';
	const mac = () =>
		random.weighted([
			[6, random.pick(macs)],
			[1, '00:16:3e:00:00:00/ff:ff:ff:00:00:00'],
			[1, 'Unicast'],
			[1, 'Multicast'],
		]);

	return random.weighted<() => string>([
		[4, () => `-i ${not}${random.pick(devices)}`],
		[4, () => `-o ${not}${random.pick(devices)}`],
		[2, () => `--logical-in ${not}xenbr${random.below(2)}`],
		[2, () => `--logical-out ${not}xenbr${random.below(2)}`],
		[3, () => `-s ${not}${mac()}`],
		[3, () => `-d ${not}${mac()}`],
		[2, () => `-p ${not}${random.pick(['IPv4', 'IPv6', 'ARP', '0x88cc'])}`],
		[2, () => `-p IPv4 --ip-proto ${not}${random.pick(['tcp', 'udp', 'icmp'])}`],
		[2, () => `-p IPv4 --ip-proto tcp --ip-dport ${random.pick(['22', '80'])}`],
		[2, () => `-p IPv4 --ip-src ${not}10.0.0.${random.pick(['3', '4', '77'])}`],
		[1, () => '-p IPv6 --ip6-proto udp --ip6-dport 53'],
		[1, () => `-p ARP --arp-ip-src ${not}10.0.0.3`],
		[1, () => `--pkttype-type ${not}${random.pick(['host', 'otherhost', 'multicast'])}`],
		[1, () => `--mark ${not}7`],
		[1, () => '--limit 1/sec --limit-burst 2'],
		[1, () => `--among-src ${not}00:16:3e:00:00:03,00:16:3e:00:00:04=10.0.0.4,`],
	])();
}

function targetOf(random: Random, table: string, below: readonly string[]): string {
	return random.weighted<() => string>([
		[8, () => '-j ACCEPT'],
		[6, () => '-j DROP'],
		[3, () => '-j RETURN'],
		[2, () => '-j CONTINUE'],
		[below.length > 0 ? 6 : 0, () => `-j ${random.pick(below)}`],
		[1, () => '-j mark --mark-set 7 --mark-target CONTINUE'],
		[1, () => '--log --log-prefix "DROP " -j CONTINUE'],
		[table === 'nat' ? 4 : 0, () => random.pick(nat)],
	])();
}

const nat = [
	'-j snat --to-src 00:16:3e:00:00:55 --snat-target ACCEPT',
	'-j dnat --to-dst 00:16:3e:00:00:33 --dnat-target ACCEPT',
	'-j redirect --redirect-target ACCEPT',
];
