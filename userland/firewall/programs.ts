// SPDX-License-Identifier: MIT
import type {Device} from '../kernel/devices.ts';
import type {Program} from '../netlink-js/index.ts';
import {SystemError} from '../netlink-js/index.ts';

/** enum bpf_attach_type of Linux 6.6 and later. */
const places = {ingress: 46, egress: 47} as const;

export type AttachedPrograms = (ifindex: number, attachType: number) => readonly Program[];

/** What BPF does on these devices through tcx, by name, in words. */
export function readPrograms(
	devices: readonly Pick<Device, 'name' | 'ifindex'>[],
	attached: AttachedPrograms,
): ReadonlyMap<string, string> {
	const found = new Map<string, string>();

	for (const {name, ifindex} of devices) {
		const text = programsOf(ifindex, attached);

		if (text === 'no tcx') {
			break;
		}
		if (text !== undefined) {
			found.set(name, text);
		}
	}

	return found;
}

/** A kernel without tcx, or without BPF, has no such programs; whatever else it says is that device's own obstacle. */
function programsOf(ifindex: number, attached: AttachedPrograms): string | undefined {
	try {
		for (const [place, type] of Object.entries(places)) {
			const [program] = attached(ifindex, type);

			if (program !== undefined) {
				const name = program.name === '' ? '' : `, name ${program.name}`;

				return `a tcx ${place} program (id ${program.id}${name})`;
			}
		}

		return undefined;
	} catch (error) {
		const code = error instanceof SystemError ? error.code : String(error);

		return ['EINVAL', 'ENOSYS'].includes(code)
			? 'no tcx'
			: `tcx programs that cannot be read (${code})`;
	}
}
