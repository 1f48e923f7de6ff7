// SPDX-License-Identifier: MIT
import {execFile} from 'node:child_process';
import {readFile} from 'node:fs/promises';
import {promisify} from 'node:util';
import {ColoopError} from '../errors.ts';
import {openNftables, type NftRuleset} from '../nftables-js/index.ts';
import {readControl} from './control.ts';
import {createGuard} from './guard.ts';
import {readKernelRules, withKernelRules, type KernelRule} from './kernel-rules.ts';
import {parseLinks, parseVlans} from './links.ts';
import {parseListing, withDevices, type Listing} from './listing.ts';
import type {FirewallState} from './state.ts';

/** The ways into dom0's kernel; real ones unless a test passes its own. */
export type Tools = {
	run(command: string, args: readonly string[]): Promise<string>;
	/** Undefined where there is no such file. */
	readFile(path: string): Promise<string | undefined>;
	/** The ruleset three times: as objects, as nft prints it, and as the kernel has it. */
	readRules(): Promise<{
		ruleset: NftRuleset;
		text: string;
		kernelRules?: readonly KernelRule[];
	}>;
};

/**
 * Reads what stands between the devices: nftables, the bridges, traffic control, remains of iptables and ebtables.
 * Not seen, because no tool shows them: BPF programs attached by tcx (Linux 6.6 and later).
 * Throws ColoopError (FIREWALL) where something cannot be read: then nothing is known, and no channel may be.
 */
export async function readFirewall(
	devices: readonly string[],
	tools: Tools = realTools,
): Promise<FirewallState> {
	const [links, vlans, rules, control, filtersIp, legacyTables, ebtables] = await Promise.all([
		tools.run('ip', ['-json', '-details', 'link', 'show']),
		tools.run('bridge', ['-json', 'vlan', 'show']),
		readRules(tools),
		readControl(devices, tools),
		readSwitches(tools),
		readLegacyTables(tools),
		readEbtables(tools),
	]);

	return {
		links: parseLinks(links),
		vlans: parseVlans(vlans),
		guard: createGuard(withDevices(rules.ruleset, rules.listing)),
		listing: rules.listing,
		control,
		filtersIp,
		legacyTables,
		ebtables,
	};
}

/** What decides here must not depend on how the daemon was started. */
const systemPath = '/usr/sbin:/usr/bin:/sbin:/bin';

export const realTools: Tools = {
	async run(command, args) {
		try {
			const options = {env: {PATH: systemPath, LC_ALL: 'C'}, maxBuffer: 256 * 1024 * 1024};
			return (await promisify(execFile)(command, args, options)).stdout;
		} catch (cause) {
			throw unreadable(`${command} ${args.join(' ')}`, cause);
		}
	},
	async readFile(path) {
		try {
			return await readFile(path, 'utf8');
		} catch (cause) {
			if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')
				return undefined;
			throw unreadable(path, cause);
		}
	},
	async readRules() {
		try {
			const nft = openNftables();
			try {
				const [ruleset, text, kernelRules] = await Promise.all([
					nft.list(),
					nft.text('list ruleset', {stateless: true}),
					readKernelRules(),
				]);
				return {ruleset, text, kernelRules};
			} finally {
				await nft.close();
			}
		} catch (cause) {
			throw unreadable('nftables', cause);
		}
	},
};

/** The lists are dumps of their own, between which rules may change: they must agree. */
async function readRules(tools: Tools): Promise<{ruleset: NftRuleset; listing: Listing}> {
	for (let tries = 0; tries < 5; tries++) {
		const {ruleset, text, kernelRules} = await tools.readRules();
		const listing = parseListing(text);
		const complete = kernelRules ? withKernelRules(ruleset, kernelRules) : ruleset;
		if (complete && listing.isOf(ruleset)) return {ruleset: complete, listing};
	}

	throw unreadable('nftables', 'the rules keep changing, or cannot be told from their listing');
}

/** Absent where br_netfilter is not loaded. */
async function readSwitches(tools: Tools): Promise<FirewallState['filtersIp']> {
	const isOn = async (name: string) => {
		const text = await tools.readFile(`/proc/sys/net/bridge/bridge-nf-call-${name}`);
		return text !== undefined && text.trim() !== '0';
	};

	return {ip: await isOn('iptables'), ip6: await isOn('ip6tables')};
}

async function readLegacyTables(tools: Tools): Promise<FirewallState['legacyTables']> {
	const names = async (path: string) => words(await tools.readFile(path));

	return {
		ip: await names('/proc/net/ip_tables_names'),
		ip6: await names('/proc/net/ip6_tables_names'),
	};
}

/** The old ebtables lists no tables; but it has a module for each. */
async function readEbtables(tools: Tools): Promise<string[]> {
	const lines = ((await tools.readFile('/proc/modules')) ?? '').split('\n');

	return lines.flatMap(line => /^(ebtable_(?:filter|nat|broute)) /.exec(line)?.[1] ?? []);
}

function words(text = ''): string[] {
	return text.split(/\s+/).filter(word => word !== '');
}

function unreadable(what: string, cause: unknown): ColoopError {
	const why = cause instanceof Error ? cause.message : String(cause);

	return new ColoopError('FIREWALL', `${what}: ${why.trim()}`, {
		cause,
		hint: 'the host role needs root, nftables and iproute2 in dom0',
	});
}
