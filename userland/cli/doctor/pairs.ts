// SPDX-License-Identifier: MIT
import type {PairStatus} from '../../control/protocol.ts';
import {line, type Check, type Evidence} from './check.ts';
import {noAnswer, ok, skipped, warning, type Finding} from './finding.ts';
import {count} from './wording.ts';

/** What keeps pairs apart in dom0, and peers that are in trouble. */
export const pairChecks: readonly Check[] = [
	{name: 'br_netfilter', reads: '/proc/sys/net/bridge, in dom0', look: lookAtBridgeNetfilter},
	{name: 'dom0 rules', reads: 'the pairs that dom0 keeps apart', look: lookAtPairs},
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

const remedies: Readonly<Record<string, string>> = {
	rule: 'take the rule away, or make it one that these pairs do not meet',
	rate: 'say in limits of the policy what its domain may send, or take rate= away from the vif',
	limits: 'bring coloop of the end that receives up to date, with nftables in its kernel, or take the limits away',
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
