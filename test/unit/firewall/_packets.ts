// SPDX-License-Identifier: MIT
//
// Run as a program in network and mount namespaces of its own: builds dom0's bridge with two guests, counts a datagram
// each way at every hook that there is, and prints which chains saw it, as JSON.
import {execFileSync} from 'node:child_process';
import {argv} from 'node:process';
import {setTimeout} from 'node:timers/promises';
import {openNftables, type Nftables} from '../../../userland/nftables-js/index.ts';

const [, , from = 'a', to = 'b', bridgeNf = '0'] = argv;
const sh = (script: string) => execFileSync('sh', ['-euc', script], {stdio: 'pipe'});

/** `FAMILY HOOK DEVICE`, for all that nft knows. */
const chains = [
	...['prerouting', 'input', 'forward', 'output', 'postrouting'].flatMap(hook =>
		['bridge', 'inet', 'ip', 'ip6'].map(family => `${family} ${hook} -`),
	),
	...['vif3.0', 'vif4.0', 'xenbr0'].flatMap(device => [
		`netdev ingress ${device}`,
		`netdev egress ${device}`,
	]),
	...['vif3.0', 'vif4.0', 'xenbr0'].map(device => `inet ingress ${device}`),
];

function build(): void {
	sh(`
		mount -t tmpfs tmpfs /run
		ip link add xenbr0 type bridge
		ip link set lo up
		ip link set xenbr0 up
		ip addr add 10.9.0.1/24 dev xenbr0
		ip addr add fd09::1/64 dev xenbr0 nodad
		for i in 3 4; do
			ip netns add "g$i"
			ip link add "vif$i.0" type veth peer name eth0 netns "g$i"
			ip link set "vif$i.0" master xenbr0 up
			ip -n "g$i" addr add "10.9.0.$i/24" dev eth0
			ip -n "g$i" addr add "fd09::$i/64" dev eth0 nodad
			ip -n "g$i" link set eth0 up
		done
		for name in iptables ip6tables; do
			if [ -e /proc/sys/net/bridge/bridge-nf-call-$name ]; then echo ${bridgeNf} > /proc/sys/net/bridge/bridge-nf-call-$name; fi
		done
	`);
}

/** A counter for each protocol, by the port that only this test uses. */
function ruleset(): string {
	return chains
		.map((chain, index) => {
			const [family = '', hook = '', device = '-'] = chain.split(' ');
			const where = device === '-' ? '' : `device "${device}"`;
			const protocols = family === 'ip' || family === 'ip6' ? [family] : ['ip', 'ip6'];
			const rules = protocols.map(
				protocol =>
					`meta protocol ${protocol} meta l4proto udp th dport 4242 counter comment "${protocol}";`,
			);

			return `table ${family} t${index} {
				chain c { type filter hook ${hook} ${where} priority 0; ${rules.join(' ')} }
			}`;
		})
		.join('\n');
}

const addressOf: Readonly<Record<string, number>> = {a: 3, b: 4, host: 1};

function send(source: string, target: string): void {
	const run = source === 'host' ? '' : `ip netns exec g${addressOf[source]} `;

	for (const address of [`10.9.0.${addressOf[target]}`, `fd09::${addressOf[target]}`]) {
		sh(`${run}bash -c 'echo hello > /dev/udp/${address}/4242'`);
	}
}

async function seen(nft: Nftables): Promise<string[]> {
	return (await nft.list()).rules.flatMap(({table, expr, comment}) => {
		const packets = Number(/"packets":(\d+)/.exec(JSON.stringify(expr))?.[1] ?? 0);

		return packets > 0 ? [`${chains[Number(table.slice(1))]} ${comment}`] : [];
	});
}

build();
const nft = openNftables();
await nft.text(ruleset());
for (const deadline = Date.now() + 20_000; ;) {
	send(from, to);
	send(to, from);
	// Both protocols have left by both ends: whatever is on the way has been passed.
	const chainsSeen = await seen(nft);
	const ends = ['3.0', ...(to === 'host' ? [] : ['4.0'])].flatMap(vif =>
		['ip', 'ip6'].map(protocol => `netdev egress vif${vif} ${protocol}`),
	);
	const arrived = to === 'host' ? ['bridge input - ip', 'bridge input - ip6'] : [];
	if ([...ends, ...arrived].every(end => chainsSeen.includes(end))) {
		console.log(JSON.stringify(chainsSeen));
		break;
	}
	if (Date.now() > deadline) {
		throw new Error(`no packets yet, seen: ${chainsSeen.join(', ')}`);
	}
	await setTimeout(50);
}
await nft.close();
