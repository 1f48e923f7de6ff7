// SPDX-License-Identifier: MIT
import {fields} from './fields.ts';

/** Statements that leave a packet its destination; `redirect` and `tproxy` mean dom0 itself. */
const stays: ReadonlySet<string> = new Set([
	...['match', 'vmap', 'counter', 'last', 'notrack', 'limit', 'quota', 'log', 'ct count'],
	...['accept', 'drop', 'reject', 'return', 'continue', 'jump', 'goto', 'set', 'map'],
	...['snat', 'masquerade', 'redirect', 'tproxy', 'dup', 'flow', 'synproxy', 'secmark'],
	...['ct helper', 'ct timeout', 'ct expectation'],
]);

/** Targets of iptables that do the same. */
const stayingTargets: ReadonlySet<unknown> = new Set([
	...['AUDIT', 'CHECKSUM', 'CLASSIFY', 'CONNMARK', 'CONNSECMARK', 'CT', 'DSCP', 'ECN', 'HL'],
	...['HMARK', 'IDLETIMER', 'LED', 'LOG', 'MARK', 'NFLOG', 'NOTRACK', 'RATEEST', 'REDIRECT'],
	...['REJECT', 'SECMARK', 'SET', 'SYNPROXY', 'TCPMSS', 'TCPOPTSTRIP', 'TOS', 'TPROXY', 'TRACE'],
	...['TTL'],
]);

/** Whether a statement may give the packet another destination; what nobody knows may. */
export function changesDestination(statement: unknown): boolean {
	return Object.entries(fields(statement)).some(([kind, value]) => {
		if (kind === 'mangle') {
			const {payload} = fields(fields(value)['key']);

			return payload !== undefined && !isOtherField(payload);
		}
		if (kind === 'xt') {
			const {type, name} = fields(value);

			return type !== 'match' && !stayingTargets.has(name);
		}

		return !stays.has(kind);
	});
}

/** A field of a header that is known, other than the destination's address. */
function isOtherField(payload: unknown): boolean {
	const {protocol, field} = fields(payload);

	return typeof protocol === 'string' && typeof field === 'string' && field !== 'daddr';
}
