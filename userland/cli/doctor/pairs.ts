// SPDX-License-Identifier: MIT
import type {PairStatus, PeerStatus} from '../../control/protocol.ts';
import {line, type Check, type Evidence} from './check.ts';
import {noAnswer, ok, skipped, warning, type Finding} from './finding.ts';
import {count} from './wording.ts';

/** What keeps pairs apart in dom0, and peers that are in trouble. */
export const pairChecks: readonly Check[] = [
	{name: 'br_netfilter', reads: '/proc/sys/net/bridge, in dom0', look: lookAtBridgeNetfilter},
	{name: 'dom0 rules', reads: 'the pairs that dom0 keeps apart', look: lookAtRules},
	{name: 'ends', reads: 'the pairs that a bridge or an end keeps apart', look: lookAtEnds},
	{name: 'paused', reads: 'the domains of these pairs, xl list, in dom0', look: lookAtPaused},
	{name: 'peers', reads: 'channels that broke, stalled or do not come up', look: lookAtPeers},
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

const byRule: Readonly<Record<string, string>> = {
	rule: 'take the rule away, or make it one that these pairs do not meet',
	rate: 'say in limits of the policy what its domain may send, or another rate= of the vif',
	limits: 'bring coloop of the end that receives up to date, with nftables in its kernel, or take the limits away, which may be ip= or rate= of a vif',
	mac: 'give each vif an address of its own',
	name: 'give each domain a name of its own: xl rename',
};

/** Of pairs that policy allows, and nothing of dom0 is in the way of. */
const byEnd: Readonly<Record<string, string>> = {
	bridge: 'put a vif of each on one bridge: brctl show, or bridge= in the configuration of the domains',
	declined: 'look in the domain that declines: coloop doctor there, and accept in its policy',
	device: 'look in the domain that has the interface: coloop doctor there',
};

function lookAtRules(evidence: Evidence): Finding {
	return lookAtPairs(evidence, byRule, 'keep no pair apart that policy allows');
}

function lookAtEnds(evidence: Evidence): Finding {
	return lookAtPairs(
		evidence,
		byEnd,
		'every pair that dom0 allows meets, and neither end declines',
	);
}

/** Those that are apart for one of these reasons. */
function lookAtPairs(
	{status, isDom0}: Evidence,
	remedies: Readonly<Record<string, string>>,
	well: string,
): Finding {
	if (!isDom0 || !status?.pairs) {
		return status || !isDom0 ? skipped("pairs are dom0's to judge") : noAnswer;
	}
	const apart = status.pairs.filter(({code}) => code !== null && Object.hasOwn(remedies, code));
	const [first] = apart;
	if (first === undefined) {
		return ok(well);
	}

	return warning(
		`${count(apart.length, 'pair')} kept apart: ${pairText(first)}${andMore(apart)}`,
		`${remedies[first.code ?? ''] ?? ''}; coloop show ${quoted(first.a.name)} ${quoted(first.b.name)} says all of it`,
	);
}

function andMore({length}: readonly unknown[]): string {
	return length > 1 ? ` ... and ${length - 1} more` : '';
}

function pairText({a, b, reason}: PairStatus): string {
	return `${a.name} <-> ${b.name}: ${reason ?? ''}`;
}

/** As a shell takes it. */
function quoted(name: string): string {
	return /^[\w.-]+$/.test(name) ? name : `'${name.replace(/'/g, "'\\''")}'`;
}

/** What a paused domain is sent waits until it runs again, over a channel as on the ordinary path. */
async function lookAtPaused({system, isDom0, status}: Evidence): Promise<Finding> {
	if (!isDom0) {
		return skipped("the states of domains are dom0's to see");
	}
	const listed = await system.run('xl', 'list');
	if (listed?.status !== 0) {
		return skipped('xl list does not answer');
	}
	const ours = new Set((status?.pairs ?? []).flatMap(({a, b}) => [a.domid, b.domid]));
	const paused = [...listed.out.matchAll(/^(\S.*?)\s+(\d+)\s+\d+\s+\d+\s+[r-][b-]p/gm)]
		.filter(([, , domid]) => ours.has(Number(domid)))
		.map(([, name = '']) => name);
	const [first] = paused;

	return first === undefined
		? ok('no domain of these pairs')
		: warning(
				`${first} is paused: what it is sent waits, and its channels stall${andMore(paused)}`,
				`xl unpause ${quoted(first)}`,
			);
}

function lookAtPeers({status}: Evidence): Finding {
	if (status === undefined) {
		return noAnswer;
	}
	const bad = status.peers.filter(isInTrouble);
	const [first] = bad;

	return first === undefined
		? ok(`${count(status.peers.length, 'peer')}, none in trouble`)
		: warning(
				`${first.peer}: ${first.state}: ${first.reason ?? first.code ?? ''}${andMore(bad)}`,
				remedyOf(first),
			);
}

function isInTrouble({state, code}: PeerStatus): boolean {
	const isLost = ['broken', 'stalled'].includes(state) || code === 'timeout';

	return isLost || ['memory', 'declined', 'device'].includes(code ?? '');
}

function remedyOf({peer, code}: PeerStatus): string {
	switch (code) {
		case 'memory':
			return 'free memory, or less ring_pages in policy';
		case 'declined':
			return `coloop doctor in ${quoted(peer)} says more; what it accepts is in its own policy`;
		case 'device':
			return `coloop show ${quoted(peer)} names the interface`;
		default:
			return `look at what ${peer} runs, and whether: coloop show ${quoted(peer)}, coloop observe ${quoted(peer)}; in dom0 xl list`;
	}
}
