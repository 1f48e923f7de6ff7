// SPDX-License-Identifier: MIT
import {fields} from './fields.ts';

/** Headers of nft's language that are part of the Ethernet header. */
const frameHeaders: readonly unknown[] = ['ether', 'vlan'];

/**
 * Whether a statement changes what a bridge goes by: the Ethernet header, or whose packet it is. What it writes to
 * otherwise is the IP packet, or what dom0 alone knows of it.
 */
export function changesFrame(statement: unknown): boolean {
	const {mangle} = fields(statement);
	const {payload, meta} = fields(fields(mangle)['key']);
	const {protocol, base} = fields(payload);

	return (
		fields(meta)['key'] === 'pkttype' ||
		(payload !== undefined &&
			(protocol === undefined
				? base !== 'nh' && base !== 'th'
				: frameHeaders.includes(protocol)))
	);
}
