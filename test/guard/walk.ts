// SPDX-License-Identifier: MIT
import type {Command} from './command.ts';
import type {Random} from './random.ts';

/**
 * One table of simple rules that lead from chain to chain: what counts is which verdict comes first, and
 * for which packets. The same as nftables or, of IP's, as iptables has it.
 */
export function walkRules(random: Random): Command[] {
	const family = random.weighted([
		[5, 'bridge'],
		[2, 'inet'],
		[2, 'ip'],
		[1, 'ip6'],
		[2, 'netdev'],
	]);
	const at = `${family} walk`;
	const chains = random.several(0, 3, index => `sub${index}`);
	const policy = random.pick(['accept', 'drop']);
	const rules = (chain: string, below: readonly string[]) =>
		random.several(
			1,
			3,
			() => `add rule ${at} ${chain} ${matchOf(random, family)}${verdictOf(random, below)}`,
		);

	return [
		`add table ${at}`,
		...chains.map(chain => `add chain ${at} ${chain}`),
		`add chain ${at} base { type filter hook ${hookOf(random, family)} priority 0; policy ${policy}; }`,
		...rules('base', chains),
		...chains.flatMap((chain, depth) => rules(chain, chains.slice(depth + 1))),
	].map(text => ({tool: 'nft', text}));
}

function hookOf(random: Random, family: string): string {
	if (family === 'netdev') {
		return `${random.pick(['ingress', 'egress'])} device ${random.pick(['vif3.0', 'xenbr0'])}`;
	}

	return random.weighted([
		[6, 'forward'],
		[1, 'prerouting'],
		[1, 'postrouting'],
		[family === 'bridge' ? 2 : 0, random.pick(['input', 'output'])],
	]);
}

/** All packets, some of them, those of some guests, or none. */
function matchOf(random: Random, family: string): string {
	const some = ['tcp dport 22', 'udp dport 53', 'meta l4proto tcp', 'meta length 0-200'];
	const ip4 = ['ip saddr 10.0.0.3', 'ip daddr 10.0.0.0/24', 'ip protocol udp'];
	const guests = ['iifname "vif3.0"', 'ether saddr 00:16:3e:00:00:03', 'iifname != "vif4.0"'];

	return random.weighted<() => string>([
		[8, () => ''],
		[6, () => `${random.pick(some)} `],
		[family === 'ip6' ? 0 : 2, () => `${random.pick(ip4)} `],
		[3, () => `${random.pick(guests)} `],
		[1, () => 'iifname "eth7" '],
	])();
}

function verdictOf(random: Random, below: readonly string[]): string {
	return random.weighted<() => string>([
		[6, () => 'accept'],
		[3, () => 'drop'],
		[6, () => 'return'],
		[1, () => 'continue'],
		[1, () => 'counter'],
		[below.length > 0 ? 6 : 0, () => `jump ${random.pick(below)}`],
		[below.length > 0 ? 6 : 0, () => `goto ${random.pick(below)}`],
		[
			below.length > 0 ? 1 : 0,
			() => `meta l4proto vmap { tcp : jump ${random.pick(below)}, udp : return }`,
		],
	])();
}
