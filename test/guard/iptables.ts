// SPDX-License-Identifier: MIT
import type {Command} from './command.ts';
import {dom0, guests} from './places.ts';
import type {Random} from './random.ts';

type Protocol = 'iptables' | 'ip6tables';

const builtIn: Readonly<Record<string, readonly string[]>> = {
	filter: ['FORWARD', 'FORWARD', 'FORWARD', 'INPUT', 'OUTPUT'],
	nat: ['PREROUTING', 'POSTROUTING', 'OUTPUT'],
	mangle: ['PREROUTING', 'FORWARD', 'POSTROUTING', 'INPUT'],
	raw: ['PREROUTING', 'OUTPUT'],
};

/** Rules of iptables-nft or ip6tables-nft, a table or two. */
export function iptablesRules(random: Random): Command[] {
	const tables = new Set(
		random.several(1, 2, () =>
			random.weighted([
				[8, 'filter'],
				[1, 'nat'],
				[2, 'mangle'],
				[1, 'raw'],
			]),
		),
	);
	const tool = random.pick<Protocol>(['iptables', 'iptables', 'ip6tables']);

	return [...tables].flatMap(table => tableRules(random, tool, table));
}

function tableRules(random: Random, tool: Protocol, table: string): Command[] {
	const own = random.several(0, 3, index => ['GUESTS', 'ssh-in', 'DOCKER-USER'][index] ?? '');
	const bases = [...new Set(random.several(1, 2, () => random.pick(builtIn[table] ?? [])))];
	const rules = (chain: string, below: readonly string[]) =>
		random.several(0, 4, () => `-A ${chain} ${ruleOf(random, {tool, table, below})}`);

	return [
		...own.map(chain => `-N ${chain}`),
		...bases.map(chain => `-P ${chain} ${random.pick(['ACCEPT', 'DROP'])}`),
		...bases.flatMap(chain => rules(chain, own)),
		...own.flatMap((chain, depth) => rules(chain, own.slice(depth + 1))),
	].map(text => ({tool, text: `-t ${table} ${text}`}));
}

type Place = {
	readonly tool: Protocol;
	readonly table: string;
	/** Chains that may be jumped to without a loop. */
	readonly below: readonly string[];
};

function ruleOf(random: Random, place: Place): string {
	const matches = random.several(0, 2, () => matchOf(random, place));
	const target = random.chance(0.06) ? '' : targetOf(random, place);

	return [...new Set(matches), target].filter(part => part !== '').join(' ');
}

const devices = ['vif3.0', 'vif4.0', 'vif+', 'xenbr0', 'xenbr+', 'docker0', 'up0'];
const macs = [...guests, dom0].map(({port}) => port.mac);

function matchOf(random: Random, {tool}: Place): string {
	const not = random.chance(0.2) ? '! ' : '';
	const isV4 = tool === 'iptables';
	const address = random.pick(
		isV4
			? ['10.0.0.3', '10.0.0.0/24', '10.9.0.9', '192.0.2.0/24', '224.0.0.0/4']
			: ['fd00::3', 'fd00::/64', 'fd00:9::9', 'fd00:77::/64', 'ff00::/8'],
	);

	return random.weighted<() => string>([
		[4, () => `${not}-i ${random.pick(devices)}`],
		[4, () => `${not}-o ${random.pick(devices)}`],
		[3, () => `${not}-s ${address}`],
		[3, () => `${not}-d ${address}`],
		[4, () => `-p tcp -m tcp ${not}--dport ${random.pick(['22', '80', '443', '1:1024'])}`],
		[2, () => `-p udp -m udp ${not}--sport ${random.pick(['53', '123', '5353', '6000'])}`],
		[
			2,
			() =>
				`${not}-p ${random.pick(['tcp', 'udp', 'esp', 'gre', isV4 ? 'icmp' : 'ipv6-icmp'])}`,
		],
		[8, () => `-m physdev ${not}${physdevOf(random)}`],
		[4, () => random.pick(extensions)],
		[1, () => `-m mac ${not}--mac-source ${random.pick(macs)}`],
		[1, () => (isV4 ? `-m ttl --ttl-lt 5` : `-m hl --hl-lt 5`)],
		[
			1,
			() =>
				`-p ${isV4 ? 'icmp -m icmp --icmp-type' : 'ipv6-icmp -m icmp6 --icmpv6-type'} echo-request`,
		],
		[isV4 ? 1 : 0, () => `-m iprange ${not}--src-range 10.0.0.3-10.0.0.4`],
		[isV4 ? 1 : 0, () => '-f'],
	])();
}

function physdevOf(random: Random): string {
	return random.weighted<() => string>([
		[3, () => '--physdev-is-bridged'],
		[1, () => '--physdev-is-in'],
		[1, () => '--physdev-is-out'],
		[3, () => `--physdev-in ${random.pick(['vif3.0', 'vif4.0', 'vif+', 'eth0'])}`],
		[3, () => `--physdev-out ${random.pick(['vif3.0', 'vif4.0', 'vif+', 'eth0'])}`],
	])();
}

const extensions = [
	'-m conntrack --ctstate RELATED,ESTABLISHED',
	'-m conntrack --ctstate INVALID',
	'-m conntrack --ctstate NEW',
	'-m state --state NEW',
	'-m comment --comment "accept all"',
	'-m multiport -p tcp --dports 22,80',
	'-m mark --mark 0x7',
	'-m pkttype --pkt-type unicast',
	'-m addrtype --dst-type LOCAL',
	'-m length --length 0:500',
	'-m limit --limit 1/sec --limit-burst 3',
	'-m statistic --mode nth --every 2 --packet 0',
	'-m dscp --dscp 0x2e',
	'-m u32 --u32 "6&0xFF=17"',
	'-m connbytes --connbytes 100: --connbytes-dir both --connbytes-mode bytes',
	'-m connlimit --connlimit-above 1',
	'-m recent --name seen --rcheck --seconds 60',
	'-m string --string fuzz --algo bm',
	'-m socket',
	'-m rpfilter',
	'-m quota --quota 500',
	'-m tcpmss -p tcp --tcp-flags SYN,RST SYN --mss 1400:1536',
	'-m helper --helper ftp',
	'-m realm --realm 1',
	'-m cpu --cpu 0',
	'-m devgroup --src-group 0',
];

function targetOf(random: Random, {tool, table, below}: Place): string {
	return random.weighted<() => string>([
		[28, () => '-j ACCEPT'],
		[20, () => '-j DROP'],
		[20, () => '-j RETURN'],
		[below.length > 0 ? 16 : 0, () => `-j ${random.pick(below)}`],
		[below.length > 0 ? 12 : 0, () => `-g ${random.pick(below)}`],
		[5, () => random.pick(targets)],
		[table === 'nat' ? 20 : 0, () => natTarget(random, tool)],
		[table === 'filter' ? 3 : 0, () => '-j REJECT'],
		[table === 'mangle' ? 6 : 0, () => random.pick(tool === 'iptables' ? mangling : mangling6)],
	])();
}

const targets = [
	'-j LOG --log-prefix "DROP "',
	'-j NFLOG',
	'-j CONNMARK --set-mark 7',
	'-j NFQUEUE --queue-num 3 --queue-bypass',
	'-j TRACE',
	'-j CT --notrack',
	'-j AUDIT --type accept',
	'-m recent --name seen --set',
	'-j SET --add-set none src',
];

const mangling = [
	'-j MARK --set-mark 7',
	'-j TTL --ttl-set 33',
	'-j DSCP --set-dscp 1',
	'-p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1000',
	'-j CLASSIFY --set-class 1:1',
	'-j CHECKSUM --checksum-fill',
	'-j TEE --gateway 10.0.0.33',
	'-p tcp -j TCPOPTSTRIP --strip-options mss',
];
const mangling6 = ['-j MARK --set-mark 7', '-j HL --hl-set 33', '-j DSCP --set-dscp 1'];

function natTarget(random: Random, tool: Protocol): string {
	const v4 = ['DNAT --to-destination 10.0.0.33', 'SNAT --to-source 10.0.0.98'];

	return `-j ${random.pick(['MASQUERADE', 'REDIRECT', ...(tool === 'iptables' ? v4 : [])])}`;
}
