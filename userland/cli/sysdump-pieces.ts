// SPDX-License-Identifier: MIT
import {observe} from '../control/client.ts';
import type {Status} from '../control/protocol.ts';
import {version} from '../control/version.ts';
import {isControlDomain} from '../xenstore/control-domain.ts';
import type {Store} from '../xenstore/store.ts';
import {diagnose, diagnosisLines} from './doctor/doctor.ts';
import {ruleListings} from './rule-names.ts';
import type {System} from './system.ts';

type Sources = {
	readonly system: System;
	readonly socket: string;
	/** Undefined where no daemon answers. */
	readonly status: Status | undefined;
	/** Seconds since 1970. */
	readonly now: number;
};

/** One file of the archive. */
export type Piece = {
	readonly file: string;
	/** For the manual. */
	readonly says: string;
	/** Only with --all: people's own words. */
	readonly isPrivate?: boolean;
	/** A text, or what is written as JSON. */
	readonly read: (sources: Sources) => Promise<unknown>;
};

export const pieces: readonly Piece[] = [
	{
		...{file: 'versions.txt', says: 'of coloop, Node, kernel, module and Xen'},
		read: async ({system}) =>
			`coloop ${version}\nNode ${system.node}\n${await programs(system, [
				['uname', '-srvm'],
				['modinfo', 'coloop'],
				['dkms', 'status'],
				['xl', 'info'],
				['dpkg-query', '-W', 'coloop*', 'xen-*', 'nodejs'],
			])}`,
	},
	{
		...{file: 'doctor.txt', says: 'what `coloop doctor` finds'},
		read: async ({system, socket, now}) =>
			`${diagnosisLines(await diagnose(system, socket, now)).join('\n')}\n`,
	},
	{
		...{file: 'status.json', says: 'what `coloop -j` says, with all counters'},
		read: async ({status}) => status ?? 'not to be had: coloopd does not answer\n',
	},
	{file: 'events.json', says: 'what `coloop observe` says', read: readEvents},
	{
		...{file: 'log.txt', says: "the daemon's log, and the kernel's lines about us and Xen"},
		read: async ({system}) =>
			`${await programs(system, [
				['journalctl', '-u', 'coloopd', '-n', '2000', '--no-pager', '-o', 'short-iso'],
			])}${linesAbout(await programs(system, [['dmesg', '-T']]), /coloop|xen|grant/i)}`,
	},
	{
		...{file: 'links.txt', says: 'devices, disciplines, bridges, neighbours'},
		read: ({system}) =>
			programs(system, [
				['ip', '-d', '-s', 'link', 'show'],
				['ip', 'address', 'show'],
				['ip', 'neigh', 'show'],
				['tc', '-s', 'qdisc', 'show'],
				['tc', 'filter', 'show', 'egress', 'dev', 'eth0'],
				['bridge', '-d', 'link', 'show'],
				['bridge', 'fdb', 'show'],
				['ethtool', '-S', 'coloop0'],
			]),
	},
	{
		...{
			file: 'rules.txt',
			says: 'what nftables, iptables, ebtables and Open vSwitch decide by',
		},
		read: ({system}) =>
			programs(system, [...ruleListings, ['sysctl', 'net.bridge'], ['ovs-vsctl', 'show']]),
	},
	{
		...{file: 'xenstore.txt', says: "XenStore's nodes of ours"},
		read: async ({system}) => {
			const store = await system.openStore();
			try {
				return await nodes(store, await isControlDomain(system));
			} finally {
				await store.close();
			}
		},
	},
	{
		...{file: 'counters.txt', says: 'interrupts of Xen, softnet and memory'},
		read: async ({system}) => {
			const read = async (path: string) => (await system.read(path)) ?? '';
			const [interrupts = '', ...rest] = await Promise.all(
				['/proc/interrupts', '/proc/net/softnet_stat', '/proc/meminfo'].map(read),
			);

			return [linesAbout(interrupts, /CPU\d|xen|coloop/i), ...rest].join('\n');
		},
	},
	{
		...{file: 'policy.txt', says: 'the policy as it is written', isPrivate: true},
		read: ({system, status}) => readPolicy(system, status?.policy_directory ?? undefined),
	},
];

async function readEvents({socket}: Sources): Promise<unknown> {
	const events: unknown[] = [];
	for await (const event of observe(socket, false, AbortSignal.timeout(10_000))) {
		events.push(...(event === 'now' ? [] : [event]));
	}

	return events;
}

/** What each prints, below its command line. */
async function programs(system: System, lines: ReadonlyArray<readonly string[]>): Promise<string> {
	const texts: string[] = [];
	for (const [program = '', ...args] of lines) {
		const ended = await system.run(program, ...args);
		const output = ended ? `${ended.out}${ended.err}` : 'no such program, or it did not end\n';
		texts.push(`$ ${[program, ...args].join(' ')}\n${output}\n`);
	}

	return texts.join('');
}

function linesAbout(text: string, about: RegExp): string {
	return text
		.split('\n')
		.filter(each => about.test(each))
		.join('\n');
}

async function nodes(store: Store, isHost: boolean): Promise<string> {
	const roots = isHost
		? (await store.list('/local/domain')).map(domid => `/local/domain/${domid}/`)
		: [''];
	const lines: string[] = [];
	for (const path of roots.flatMap(root => [`${root}coloop`, `${root}data/coloop`])) {
		await walk(store, path, lines);
	}
	await walk(store, '/coloop', lines);

	return `${lines.join('\n')}\n`;
}

/** What is not ours to read is left out. */
async function walk(store: Store, path: string, lines: string[]): Promise<void> {
	const value = await store.read(path).catch(() => undefined);
	if (value === undefined) {
		return;
	}
	lines.push(`${path} = ${JSON.stringify(value)}`);
	for (const child of await store.list(path).catch(() => [])) {
		await walk(store, `${path}/${child}`, lines);
	}
}

async function readPolicy(system: System, directory = '/etc/coloop/policy.d'): Promise<string> {
	const files = (await system.list(directory)).filter(name => /\.ya?ml$/.test(name)).sort();
	const texts = await Promise.all(
		files.map(async name => `# ${name}\n${(await system.read(join(directory, name))) ?? ''}\n`),
	);

	return texts.join('');
}

function join(directory: string, name: string): string {
	return `${directory}/${name}`;
}
