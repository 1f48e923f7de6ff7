// SPDX-License-Identifier: MIT
import {inBox} from '../setups.ts';
import type {Row} from '../row.ts';
import {workBetween, type Work} from '../work.ts';
import {pingPong, sockperfTcp, stream} from './tools.ts';

type Inside = (command: string) => string;

/** A stream and round trips, of guests that are set up in some way. */
function pairOf(
	name: string,
	inside: Inside = command => command,
	more: Partial<Row> = {},
): Work[] {
	const [roundTrips, bulk] = [pingPong(sockperfTcp), stream('--length 64K')];
	const rows: readonly Row[] = [
		{
			...{name: `tcp_rr_${name}`, unit: 'trans/s', better: 'more', ...roundTrips, ...more},
			program: (...given) => inside(roundTrips.program(...given)),
		},
		{
			...{name: `tcp_64K_${name}`, unit: 'Mbit/s', better: 'more', ...bulk, ...more},
			program: (...given) => inside(bulk.program(...given)),
		},
	];

	return rows.map(workBetween);
}

export const onBr0 = pairOf('br0');
export const onBr0Both = pairOf('br0_both');
/** Its MAC is not the guest's own, whose alone are diverted. */
export const inContainer = pairOf('veth', inBox, {undiverted: true});
export const inContainerBehindNat = pairOf('nat', inBox);
