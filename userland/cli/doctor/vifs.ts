// SPDX-License-Identifier: MIT
import {line, type Check, type Evidence} from './check.ts';
import {ok, warning, type Finding} from './finding.ts';
import {some} from './wording.ts';
import {asRecord, listOf} from './iproute.ts';

/** What keeps packets of our vifs on the ordinary path. */
export const vifChecks: readonly Check[] = [
	{name: 'qdiscs', reads: "our vifs' disciplines, programs and MTU; tc", look: lookAtDisciplines},
	{name: 'XDP', reads: "our vifs' programs; ip", look: lookAtXdp},
	{name: 'bonds', reads: 'bonds and teams of our vifs', look: lookAtBonds},
];

/** As kmod/uapi/coloop.h has them; under mq each queue has one of its own. */
const plain =
	'mq noqueue pfifo_fast pfifo bfifo pfifo_head_drop fq_codel codel sfq fq_pie pie'.split(' ');

/** Promises no rate, no order but of each flow, and no change of packets. */
function isPlain({kind, options}: Record<string, unknown>): boolean {
	const {maxrate, bandwidth, wash} = asRecord(options);
	if (kind === 'fq') {
		return maxrate === undefined;
	}

	return kind === 'cake'
		? wash !== true && (bandwidth === undefined || bandwidth === 'unlimited')
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
