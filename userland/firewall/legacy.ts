// SPDX-License-Identifier: MIT
import type {Hook} from '../kernel/hooks.ts';
import {hasEbtables} from './hooks.ts';

/** Undefined where there is no such file. */
export type ReadFile = (path: string) => Promise<string | undefined>;

/** Tables of the old iptables, whose rules nftables does not show. Each network namespace lists its own. */
export async function readLegacyTables(
	readFile: ReadFile,
): Promise<Readonly<Record<'ip' | 'ip6', readonly string[]>>> {
	const names = async (path: string) => words(await readFile(path));

	return {
		ip: await names('/proc/net/ip_tables_names'),
		ip6: await names('/proc/net/ip6_tables_names'),
	};
}

/**
 * What the old ebtables has in the way of frames. It lists no tables: its hooks tell, and where the kernel does not list
 * those, the modules of its tables do, or that it is built in.
 */
export async function readEbtables(
	readFile: ReadFile,
	hooks: readonly Hook[] | undefined,
	isBuiltIn: () => Promise<boolean>,
): Promise<readonly string[]> {
	if (hooks !== undefined && !hasEbtables(hooks)) {
		return [];
	}
	const lines = ((await readFile('/proc/modules')) ?? '').split('\n');
	const modules = lines.flatMap(
		line => /^(ebtable_(?:filter|nat|broute)) /.exec(line)?.[1] ?? [],
	);

	if (modules.length > 0) {
		return modules;
	}

	return hooks !== undefined || (await isBuiltIn()) ? ['built in'] : [];
}

/** Whether the kernel itself has the old ebtables: a module's symbols are marked as such. True where nobody tells. */
export async function hasBuiltInEbtables(readFile: ReadFile): Promise<boolean> {
	const symbols = await readFile('/proc/kallsyms');

	return symbols === undefined || / ebt_do_table$/m.test(symbols);
}

function words(text = ''): string[] {
	return text.split(/\s+/).filter(word => word !== '');
}
