// SPDX-License-Identifier: MIT
import {type AttributeTable, littleEndian, viewOf} from './attributes.ts';
import {decode} from './codec.ts';

/** TCA_CAKE_*. */
const cakeAttributes = {
	wash: {id: 13, type: 'u32'},
	ackFilter: {id: 16, type: 'u32'},
} as const satisfies AttributeTable;

/** struct tc_sfq_qopt_v1 (linux/pkt_sched.h). */
const sfqMaxAt = 36;

/**
 * The option, by tc's name for it, by which a discipline that else holds packets and drops them does more to what passes:
 * cake with `wash` takes their DSCP off, with `ack-filter` it drops those of some content, sfq with `redflowlimit` is RED.
 * Undefined where it has none on. ECN marks are set by delay alone, as the drops that they stand for.
 */
export function parseEffect(kind: string, options: Uint8Array): string | undefined {
	switch (kind) {
		case 'cake': {
			const {wash = 0, ackFilter = 0} = decode(cakeAttributes, options);

			return wash !== 0 ? 'wash' : ackFilter !== 0 ? 'ack-filter' : undefined;
		}
		case 'sfq': {
			const isLong = options.length >= sfqMaxAt + 4;
			const max = isLong ? viewOf(options).getUint32(sfqMaxAt, littleEndian) : 0;

			return max === 0 ? undefined : 'redflowlimit';
		}
		default:
			return undefined;
	}
}
