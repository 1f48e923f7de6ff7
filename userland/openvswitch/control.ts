// SPDX-License-Identifier: MIT
import {readFile} from 'node:fs/promises';
import {ColoopError} from '../errors.ts';
import {openJsonRpc} from './json-rpc.ts';
import type {StaticEntry} from './types.ts';

/**
 * The addresses that somebody bound to ports of a bridge with `ovs-appctl fdb/add`. Asked of the daemon
 * itself, since a process a second is too much. A version without such entries does not count them.
 */
export async function readStaticEntries(runDir: string, bridge: string): Promise<StaticEntry[]> {
	const pid = (await readFile(`${runDir}/ovs-vswitchd.pid`, 'latin1')).trim();
	const rpc = openJsonRpc(`${runDir}/ovs-vswitchd.${pid}.ctl`);

	try {
		const counts = await orElse(rpc.call('fdb/stats-show', bridge), isUnknownCommand, '');

		return /static MAC entries.*: *[1-9]/.test(String(counts))
			? parseStaticEntries(String(await rpc.call('fdb/show', bridge)))
			: [];
	} finally {
		rpc.close();
	}
}

/** Of `fdb/show`: port, VLAN, address and age, which is `static` where it has none. */
export function parseStaticEntries(output: string): StaticEntry[] {
	return output.split('\n').flatMap(line => {
		const [port, vlan, mac, age] = line.trim().split(/\s+/);

		return age === 'static' ? [{port: port ?? '', vlan: Number(vlan), mac: mac ?? ''}] : [];
	});
}

function isUnknownCommand(error: unknown): boolean {
	return error instanceof ColoopError && error.message.includes('is not a valid command');
}

async function orElse<T>(
	promise: Promise<T>,
	applies: (error: unknown) => boolean,
	instead: T,
): Promise<T> {
	try {
		return await promise;
	} catch (error) {
		if (applies(error)) {
			return instead;
		}
		throw error;
	}
}
