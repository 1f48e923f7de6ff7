// SPDX-License-Identifier: MIT
import {readdir, readFile} from 'node:fs/promises';

/** Files of a machine; undefined, and nothing, where they are not there or not ours to read. */
type Files = {
	read(path: string): Promise<string | undefined>;
	list(folder: string): Promise<readonly string[]>;
};

/** XENFEAT_dom0, in Xen's public features.h. */
const dom0Feature = 11;

/**
 * Dom0 may do everything to XenStore; its kernel says so, from the start in sysfs and, once xenfs is mounted, in
 * /proc. Where neither does, the socket of a xenstored says it.
 */
export async function isControlDomain({read, list}: Files = here): Promise<boolean> {
	const word = await read('/sys/hypervisor/properties/features');
	const features = Number.parseInt(word ?? '', 16);
	const capabilities = await read('/proc/xen/capabilities');
	if (!Number.isNaN(features) || capabilities !== undefined) {
		return (
			Boolean((features >>> dom0Feature) & 1) || (capabilities ?? '').includes('control_d')
		);
	}
	const sockets = await Promise.all(['/run/xenstored', '/var/run/xenstored'].map(list));

	return sockets.some(names => names.includes('socket'));
}

const here: Files = {
	read: path => readFile(path, 'latin1').catch(() => undefined),
	list: folder => readdir(folder).catch(() => []),
};
