// SPDX-License-Identifier: MIT
import type {PairStatus} from '../../control/protocol.ts';
import {
	count,
	error,
	line,
	noAnswer,
	ok,
	skipped,
	some,
	warning,
	type Check,
	type Evidence,
	type Finding,
} from './check.ts';

/** What keeps packets on the ordinary path, here and in dom0. */
export const networkChecks: readonly Check[] = [
	{name: 'br_netfilter', reads: '/proc/sys/net/bridge, in dom0', look: lookAtBridgeNetfilter},
	{name: 'dom0 rules', reads: 'the pairs that dom0 keeps apart', look: lookAtPairs},
	{name: 'peers', reads: 'channels that broke, stalled or do not come up', look: lookAtPeers},
	{name: 'qdiscs', reads: "our vifs' disciplines, programs and MTU; tc", look: lookAtDisciplines},
	{name: 'XDP', reads: "our vifs' programs; ip", look: lookAtXdp},
	{name: 'bonds', reads: 'bonds and teams of our vifs', look: lookAtBonds},
	{name: 'coloop0', reads: 'its flags and addresses; ip', look: lookAtDevice},
	{
		name: 'managers',
		reads: 'systemd-networkd, NetworkManager and DHCP clients on coloop0',
		look: lookAtManagers,
	},
];

async function lookAtBridgeNetfilter({system, isDom0, status}: Evidence): Promise<Finding> {
	if (!isDom0) {
		return skipped("bridges are dom0's");
	}
	const files = ['iptables', 'ip6tables'].map(
		name => `/proc/sys/net/bridge/bridge-nf-call-${name}`,
	);
	const calls = await Promise.all(files.map(path => line(system, path)));
	if (!calls.includes('1')) {
		return ok('off: iptables does not see what is bridged');
	}
	const hasDocker = (await system.list('/sys/class/net')).includes('docker0');
	const ruled = (status?.pairs ?? []).filter(({code}) => code === 'rule').length;
	const says =
		'on: bridged packets of guests pass the FORWARD rules of iptables too, so that a rule made for routing or containers, as Docker makes, keeps pairs apart';
	if (!hasDocker && ruled === 0) {
		return ok(
			'on: bridged packets pass the FORWARD rules of iptables too, which keep no pair apart',
		);
	}
	const who = [
		hasDocker ? 'Docker is here' : [],
		ruled > 0 ? `${count(ruled, 'pair')} refused by a rule` : [],
	];

	return warning(
		`${says} (${who.flat().join(', ')})`,
		'sysctl -w net.bridge.bridge-nf-call-iptables=0, or iptables -I FORWARD -m physdev --physdev-is-bridged -j ACCEPT',
	);
}

const remedies: Readonly<Record<string, string>> = {
	rule: 'take the rule away, or make it one that these pairs do not meet',
	rate: 'take rate= away from the vif, where the channel need not keep it',
	mac: 'give each vif an address of its own',
	name: 'give each domain a name of its own: xl rename',
};

function lookAtPairs({status, isDom0}: Evidence): Finding {
	if (!isDom0 || !status?.pairs) {
		return status || !isDom0 ? skipped("pairs are dom0's to judge") : noAnswer;
	}
	const apart = status.pairs.filter(({code}) => code !== null && code in remedies);
	const [first] = apart;
	if (first === undefined) {
		return ok('keep no pair apart that policy allows');
	}

	return warning(
		`${count(apart.length, 'pair')} kept apart: ${pairText(first)}${apart.length > 1 ? ` ... and ${apart.length - 1} more` : ''}`,
		`${remedies[first.code ?? ''] ?? ''}; coloop show ${quoted(first.a.name)} ${quoted(first.b.name)} says all of it`,
	);
}

function pairText({a, b, reason}: PairStatus): string {
	return `${a.name} <-> ${b.name}: ${reason ?? ''}`;
}

/** As a shell takes it. */
function quoted(name: string): string {
	return /^[\w.-]+$/.test(name) ? name : `'${name.replace(/'/g, "'\\''")}'`;
}

function lookAtPeers({status}: Evidence): Finding {
	if (status === undefined) {
		return noAnswer;
	}
	const bad = status.peers.filter(
		({state, code}) => state === 'broken' || state === 'stalled' || code === 'memory',
	);
	const [first] = bad;

	return first === undefined
		? ok(`${count(status.peers.length, 'peer')}, none in trouble`)
		: warning(
				`${first.peer}: ${first.state}: ${first.reason ?? first.code ?? ''}${bad.length > 1 ? ` ... and ${bad.length - 1} more` : ''}`,
				first.code === 'memory'
					? 'free memory, or less ring_pages in policy'
					: `look at what ${first.peer} runs: coloop show ${quoted(first.peer)}, coloop observe ${quoted(first.peer)}`,
			);
}

/** As kmod/uapi/coloop.h has them; under mq each queue has one of its own. */
const plain =
	'mq noqueue pfifo_fast pfifo bfifo pfifo_head_drop fq_codel codel sfq fq_pie pie'.split(' ');

/** Promises no rate, and no order but of each flow. */
function isPlain({kind, options}: Record<string, unknown>): boolean {
	const {maxrate, bandwidth} = asRecord(options);
	if (kind === 'fq') {
		return maxrate === undefined;
	}

	return kind === 'cake'
		? bandwidth === undefined || bandwidth === 'unlimited'
		: plain.includes(String(kind));
}

async function lookAtDisciplines(evidence: Evidence): Promise<Finding> {
	const {status} = evidence;
	const kept = status?.peers.filter(({code}) => ['qdisc', 'tc', 'size'].includes(code ?? ''));
	const first = kept?.[0];
	if (first !== undefined) {
		return warning(
			`${first.peer}: ${first.reason ?? first.code ?? ''}`,
			'tc qdisc replace dev DEVICE root fq_codel, or leave it and do without the channel',
		);
	}
	const all: string[] = [];
	for (const device of await vifsOf(evidence)) {
		const shown = await evidence.system.run('tc', '-j', 'qdisc', 'show', 'dev', device);
		const disciplines = listOf(shown?.status === 0 ? shown.out : '');
		all.push(
			...disciplines
				.filter(one => !isPlain(one))
				.map(({kind}) => `${device}: ${String(kind)}`),
		);
	}

	return all.length > 0
		? warning(
				`a queueing discipline promises what a channel does not keep: ${some(all)}`,
				'tc qdisc replace dev DEVICE root fq_codel, or leave it and do without the channel',
			)
		: ok('promise nothing that a channel does not keep');
}

async function lookAtXdp(evidence: Evidence): Promise<Finding> {
	const blocked = blockedLinks(evidence, ['xdp', 'netns', 'no-hook']);
	if (blocked[0] !== undefined) {
		return warning(
			blocked[0],
			'ip link set dev DEVICE xdp off, or xdpgeneric for the native mode',
		);
	}
	for (const device of await vifsOf(evidence)) {
		const shown = await evidence.system.run('ip', '-j', '-d', 'link', 'show', 'dev', device);
		const [link] = listOf(shown?.status === 0 ? shown.out : '');
		const mode = asRecord(link?.['xdp'])['mode'];
		/* 2 is the generic mode, which sees what a channel delivers. */
		if (mode !== undefined && mode !== 2) {
			return warning(
				`${device} has a native XDP program, which a channel would pass by`,
				`ip link set dev ${device} xdp off, or xdpgeneric`,
			);
		}
	}

	return ok('no native program on our vifs');
}

async function lookAtBonds(evidence: Evidence): Promise<Finding> {
	const blocked = blockedLinks(evidence, ['inactive']);
	if (blocked[0] !== undefined) {
		return warning(
			blocked[0],
			'cat /proc/net/bonding/BOND; a channel is had by the port that is active',
		);
	}
	const bonds = await evidence.system.list('/proc/net/bonding');

	return ok(bonds.length === 0 ? 'none' : `${some(bonds)}: their active ports have channels`);
}

function blockedLinks({status}: Evidence, why: readonly string[]): string[] {
	return (status?.peers ?? []).flatMap(({links}) =>
		links
			.filter(({blocked}) => blocked !== null && why.includes(blocked))
			.map(link => `${link.interface} may not receive from a channel: ${link.blocked ?? ''}`),
	);
}

async function lookAtDevice({system}: Evidence): Promise<Finding> {
	if (!(await system.list('/sys/class/net')).includes('coloop0')) {
		return skipped(
			'no coloop0: the module is not loaded, or it is in another network namespace',
		);
	}
	const flags = Number((await line(system, '/sys/class/net/coloop0/flags')) ?? 1);
	if ((flags & 1) === 0) {
		return error('coloop0 is down, so that no packet is received', 'ip link set coloop0 up');
	}
	const shown = await system.run('ip', '-j', 'address', 'show', 'dev', 'coloop0');
	const [device] = listOf(shown?.status === 0 ? shown.out : '');
	if (typeof device?.['master'] === 'string') {
		return error(
			`coloop0 is a port of ${device['master']}: it is no network of its own`,
			'ip link set coloop0 nomaster',
		);
	}
	const addresses = (Array.isArray(device?.['addr_info']) ? device['addr_info'] : [])
		.map(asRecord)
		.map(({local}) => String(local));

	return addresses.length > 0
		? warning(
				`coloop0 has the address ${some(addresses)}, and needs none: packets keep those of the vif`,
				'ip address flush dev coloop0, and keep off it whoever gave it',
			)
		: ok('is up, without an address');
}

async function lookAtManagers({system}: Evidence): Promise<Finding> {
	const index = await line(system, '/sys/class/net/coloop0/ifindex');
	if (index === undefined) {
		return skipped('no coloop0');
	}
	const networkd = await system.read(`/run/systemd/netif/links/${index}`);
	const state = /^ADMIN_STATE=(\w+)/m.exec(networkd ?? '')?.[1];
	if (state !== undefined && state !== 'unmanaged') {
		return warning(
			`systemd-networkd is ${state} on coloop0`,
			'a file in /etc/systemd/network with [Match] Name=coloop0 and [Link] Unmanaged=yes',
		);
	}
	const nmcli = await system.run('nmcli', '-t', '-f', 'DEVICE,STATE', 'device');
	const managed = /^coloop0:(?!unmanaged)(.+)$/m.exec(nmcli?.status === 0 ? nmcli.out : '')?.[1];
	if (managed !== undefined) {
		return warning(
			`NetworkManager has coloop0: ${managed}`,
			'nmcli device set coloop0 managed no, and [keyfile] unmanaged-devices=interface-name:coloop0',
		);
	}
	const clients = await system.run(
		'pgrep',
		'-a',
		'-f',
		'(dhclient|dhcpcd|udhcpc|wpa_supplicant).*coloop0',
	);
	const client = clients?.status === 0 ? clients.out.trim().split('\n')[0] : undefined;

	return client === undefined
		? ok('keep off coloop0')
		: warning(
				`a program wants an address for coloop0: ${client}`,
				'keep it off: denyinterfaces coloop0',
			);
}

/** Our vifs by what their driver says, and those that peers' links name. */
async function vifsOf({system, status}: Evidence): Promise<string[]> {
	const named = (status?.peers ?? []).flatMap(({links}) => links.map(link => link.interface));
	const found: string[] = [];
	for (const device of await system.list('/sys/class/net')) {
		const modalias = await line(system, `/sys/class/net/${device}/device/modalias`);
		found.push(...(modalias === 'xen:vif' ? [device] : []));
	}

	return [...new Set([...named, ...found])].filter(name => /^[\w.@-]+$/.test(name));
}

/** What `-j` of iproute2 prints. */
function listOf(text: string): Array<Record<string, unknown>> {
	try {
		const parsed: unknown = JSON.parse(text);

		return Array.isArray(parsed) ? parsed.map(asRecord) : [];
	} catch {
		return [];
	}
}

function asRecord(value: unknown): Record<string, unknown> {
	return typeof value === 'object' && value !== null ? {...value} : {};
}
