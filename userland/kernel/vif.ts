// SPDX-License-Identifier: MIT
import {readdir, readFile} from 'node:fs/promises';

/** The number of the vif that a network device is the frontend of; undefined: of none. */
export async function vifOf(name: string): Promise<string | undefined> {
	// Devices stacked on it, and most others, have no such file.
	const text = await readFile(`/sys/class/net/${name}/device/nodename`, 'utf8').catch(() => '');

	return parseNodename(text);
}

/**
 * The numbers of all vifs of this domain, also of those whose network device is in another namespace:
 * the devices of Xen's bus are in none.
 */
export async function vifs(folder = '/sys/bus/xen/devices'): Promise<Set<string>> {
	const names = await readdir(folder).catch(() => []);

	return new Set(names.flatMap(name => /^vif-(\d+)$/.exec(name)?.[1] ?? []));
}

/** `device/vif/0`; a backend's is `backend/vif/2/0`. */
export function parseNodename(text: string): string | undefined {
	return /^device\/vif\/(\d+)\s*$/.exec(text)?.[1];
}
