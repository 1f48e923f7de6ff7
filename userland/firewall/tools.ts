// SPDX-License-Identifier: MIT
import {readFile} from 'node:fs/promises';
import {ColoopError} from '../errors.ts';
import {readBaseChains, type BaseChain, type TableName} from '../kernel/chains.ts';
import {readDevices, type Device} from '../kernel/devices.ts';
import {readForwarding, type ForwardingEntry} from '../kernel/forwarding.ts';
import {readDeviceHooks, readHooks, type Hook} from '../kernel/hooks.ts';
import {readFilters, readQueues} from '../kernel/queues.ts';
import {readVlans, type PortVlans} from '../kernel/vlans.ts';
import {
	attachedPrograms,
	linkedPrograms,
	SystemError,
	type LinkedProgram,
} from '../netlink-js/index.ts';
import {openIsolatedNftables, type Nftables, type NftRuleset} from '../nftables-js/index.ts';
import type {ControlTools} from './control.ts';
import {readKernelRules} from './kernel-rules.ts';
import {readKernelTable} from './kernel-table.ts';
import {inSlices} from '../slice.ts';
import {completeRules} from './kernel-snapshot.ts';
import {hasBuiltInEbtables, type ReadFile} from './legacy.ts';
import type {AttachedPrograms} from './programs.ts';

/** The ways into dom0's kernel; real ones unless a test passes its own. All throw ColoopError (FIREWALL, KERNEL). */
export type Tools = ControlTools & {
	readDevices(): Promise<readonly Device[]>;
	readVlans(): Promise<ReadonlyMap<number, PortVlans> | undefined>;
	readForwarding(): Promise<readonly ForwardingEntry[]>;
	/** Undefined where the kernel does not list hooks. */
	readHooks(): Promise<readonly Hook[] | undefined>;
	readDeviceHooks(devices: readonly string[]): Promise<readonly Hook[] | undefined>;
	readonly attached: AttachedPrograms;
	/** None where the kernel has no links of BPF. */
	linked(linkType: number): readonly LinkedProgram[];
	readBaseChains(): Promise<readonly BaseChain[]>;
	/** A table of nftables as objects, and as nft prints it. Undefined where it has gone. */
	readTable(name: TableName): Promise<{ruleset: NftRuleset; text: string} | undefined>;
	readonly readFile: ReadFile;
	hasBuiltInEbtables(): Promise<boolean>;
};

let nftables: Nftables | undefined;

/** Some rules make some versions of the library abort. */
const rules = () => (nftables ??= openIsolatedNftables());

let builtIn: Promise<boolean> | undefined;

export const realTools: Tools = {
	readDevices,
	readVlans,
	readForwarding,
	readQueues,
	readFilters,
	readHooks,
	readDeviceHooks,
	readBaseChains() {
		// Listing a table needs a process, which starts now: that takes a second of a slow machine.
		rules();

		return readBaseChains();
	},
	attached: attachedPrograms,
	linked(linkType) {
		try {
			return linkedPrograms(linkType);
		} catch (cause) {
			if (cause instanceof SystemError && ['EINVAL', 'ENOSYS'].includes(cause.code)) {
				return [];
			}
			throw unreadable('the links of BPF programs', cause);
		}
	},
	async readTable(name) {
		try {
			return await listTable(name);
		} catch (cause) {
			if (isGone(cause)) {
				return undefined;
			}
			// A context that failed may be in whatever state.
			void nftables?.close().catch(() => undefined);
			nftables = undefined;

			return await readUnlistedTable(name, cause);
		}
	},
	async readFile(path) {
		try {
			return await readFile(path, 'utf8');
		} catch (cause) {
			if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') {
				return undefined;
			}
			throw unreadable(path, cause);
		}
	},
	hasBuiltInEbtables() {
		builtIn ??= hasBuiltInEbtables(realTools.readFile);

		return builtIn;
	},
};

async function listTable({family, table: name}: TableName) {
	const before = await readKernelRules({family, table: name});
	const listed = await rules().run([{list: {table: {family, name}}}]);
	const after = await readKernelRules({family, table: name});
	// A name that nft's own language cannot say leaves the rules without their text.
	const text = await rules()
		.text(`list table ${family} ${name}`, {stateless: true})
		.catch(() => '');

	return {ruleset: await inSlices(completeRules(listed, before, after)), text};
}

async function readUnlistedTable(name: TableName, cause: unknown) {
	try {
		return {ruleset: await readKernelTable(name), text: ''};
	} catch {
		throw unreadable(`nftables' table ${name.family} ${name.table}`, cause);
	}
}

function isGone(cause: unknown): boolean {
	return cause instanceof Error && /No such file or directory/.test(cause.message);
}

function unreadable(what: string, cause: unknown): ColoopError {
	const why = cause instanceof Error ? cause.message : String(cause);

	return new ColoopError('FIREWALL', `${what}: ${why.trim()}`, {
		cause,
		hint: 'the host role needs root and nftables in dom0',
	});
}
