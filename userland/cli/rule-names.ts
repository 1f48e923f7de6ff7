// SPDX-License-Identifier: MIT
import type {System} from './system.ts';

/** What rules are listed by, in the order in which people look. */
export const ruleListings = [
	['nft', '-n', 'list', 'ruleset'],
	['iptables-save'],
	['ip6tables-save'],
	['ebtables-save'],
] as const;

/** The names that somebody gave to tables, chains, sets and the like of this machine's rules. */
export async function ruleNames(system: System): Promise<string[]> {
	const texts: string[] = [];
	for (const [program, ...args] of ruleListings) {
		texts.push((await system.run(program, ...args))?.out ?? '');
	}

	return [...new Set(texts.flatMap(text => [...namesIn(text)]))];
}

/** Of what nft, iptables-save or ebtables-save print; what every machine has, or we made, is nobody's name. */
function* namesIn(text: string): Generator<string> {
	let isOurs = false;
	for (const line of text.split('\n')) {
		const table = tableLine.exec(line)?.[1];
		isOurs = table === undefined ? isOurs && line !== '}' : table === 'coloop';
		const names = isOurs ? [] : named.map(pattern => pattern.exec(line)?.[1]);
		for (const name of [table, ...names]) {
			if (name !== undefined && name.length > 1 && !usual.test(name)) {
				yield name;
			}
		}
	}
}

const tableLine = /^table \w+ (\S+) \{/;
const named = [
	/^\t(?:chain|set|map|flowtable|counter|quota|limit|ct helper|ct timeout|ct expectation|secmark|synproxy) (\S+) \{/,
	/^:(\S+) /,
	/--match-set (\S+) /,
	/--set-name (\S+)/,
	/--name (\S+)/,
];

/** Base chains, tables, targets; what Docker, libvirt and firewalld always make; and words of the languages. */
const usual = new RegExp(
	`^(?:${[
		'(?:pre|post)routing|input|output|forward|ingress|egress|brouting|accept|drop|reject|return|log|queue|continue',
		'filter|nat|mangle|raw|security|broute|coloop|route|mark|limit|counter|set|map|chain|table|rule|allow|deny|block',
		'ip|ip6|inet|arp|bridge|netdev|tcp|udp|icmp|icmpv6|local|global|public|default|recent|in|out|lan|wan',
		'docker(?:-(?:user|forward|ct|bridge|internal|ingress|isolation-stage-[12]))?|docker-bridges',
		'libvirt_(?:inp|out|fwo|fwi|fwx|prt)|libvirt_network|firewalld',
	].join('|')})$`,
	'i',
);
