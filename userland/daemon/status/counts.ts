// SPDX-License-Identifier: MIT
import type {PairStatus} from '../../control/protocol.ts';
import {pathsOf} from '../../xenstore/paths.ts';
import type {Store} from '../../xenstore/store.ts';
import {parseStats} from '../../xenstore/values.ts';

type Traffic = Pick<
	PairStatus,
	'since' | 'a_to_b_packets' | 'a_to_b_bytes' | 'b_to_a_packets' | 'b_to_a_bytes'
>;

export const noTraffic: Traffic = {
	...{since: null, a_to_b_packets: 0, a_to_b_bytes: 0},
	...{b_to_a_packets: 0, b_to_a_bytes: 0},
};

/** What both ends would have sent over a channel. */
export async function readAudited(store: Store, a: number, b: number): Promise<number> {
	const read = async (of: number, about: number) =>
		parseStats((await store.read(`${pathsOf(of).stats}/${about}`)) ?? '')?.txPackets ?? 0n;

	return Number((await read(a, b)) + (await read(b, a)));
}

/**
 * How much went each way, by the word of the domain that sends; the other's only where that has said nothing. Dom0 sees
 * nothing of a channel, so that a domain may say what it likes, but of itself alone.
 */
export async function readTraffic(store: Store, a: number, b: number): Promise<Traffic> {
	const read = async (of: number, about: number) =>
		parseStats((await store.read(`${pathsOf(of).stats}/${about}`)) ?? '');
	const [ofA, ofB] = await Promise.all([read(a, b), read(b, a)]);

	return {
		since: (ofA ?? ofB)?.since ?? null,
		a_to_b_packets: Number(ofA?.txPackets ?? ofB?.rxPackets ?? 0n),
		a_to_b_bytes: Number(ofA?.txBytes ?? ofB?.rxBytes ?? 0n),
		b_to_a_packets: Number(ofB?.txPackets ?? ofA?.rxPackets ?? 0n),
		b_to_a_bytes: Number(ofB?.txBytes ?? ofA?.rxBytes ?? 0n),
	};
}
