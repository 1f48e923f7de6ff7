// SPDX-License-Identifier: MIT
import {narrowLimits, rateLimits, type Limits} from '../../limits.ts';
import {mergePrefixes, parsePrefix, type Prefix} from '../../prefixes.ts';
import type {Vif, VifLocking} from '../../xenstore/vifs.ts';
import type {Refusal} from '../refusal.ts';

/** What dom0 lets a vif send: the toolstack's `ip=` and `rate=`, and XAPI's locking mode. */
export type VifLimits = {
	/** Undefined: anything. */
	readonly limits: Limits | undefined;
	/** Where that is said, for people: `rate= of vif3.0`. */
	readonly limitedBy: string;
	/** Why no channel can keep to it. */
	readonly unmet: Refusal | undefined;
};

const free: VifLimits = {limits: undefined, limitedBy: '', unmet: undefined};

/** Undefined: nobody says anything of it. */
export function limitsOfVif(vif: Vif): VifLimits | undefined {
	const {device, rate, ip, locking} = vif;
	const parts = [
		...(ip === undefined ? [] : [limitsOfIp(ip, device)]),
		...(locking === undefined ? [] : [limitsOfLocking(locking, device)]),
		...(rate === undefined ? [] : [limitsOfRate(rate, device)]),
	];

	const all = parts.reduce(both, free);

	return all.limits === undefined && all.unmet === undefined ? undefined : all;
}

function both(one: VifLimits, other: VifLimits): VifLimits {
	return {
		limits: narrowLimits(one.limits, other.limits),
		limitedBy: [one, other].flatMap(({limitedBy}) => limitedBy || []).join(', '),
		unmet: one.unmet ?? other.unmet,
	};
}

function unmet(code: 'limits' | 'rate', reason: string): VifLimits {
	return {...free, unmet: {code, reason}};
}

const nothing = {rate: undefined, addresses: undefined, guards: []};
const everywhere = ['0.0.0.0/0', '::/0'].flatMap(text => parsePrefix(text) ?? []);

/**
 * What xl hands to its script vif-bridge, which lets the vif use these addresses alone. A version of IP of which it names
 * none is left alone, as that script's rules, of iptables, leave IPv6.
 */
function limitsOfIp(ip: string, device: string): VifLimits {
	const named = parseAddresses(ip.split(/\s+/));
	if (named === undefined) {
		return unmet('limits', `ip= of ${device} is not a list of addresses: ${ip}`);
	}
	const open = everywhere.filter(each => !named.some(({version}) => version === each.version));

	return named.length === 0
		? free
		: {
				...free,
				limits: {...nothing, addresses: [...named, ...open]},
				limitedBy: `ip= of ${device}`,
			};
}

/** Locked is of both versions, as XAPI's flows for Open vSwitch have it. */
function limitsOfLocking({mode, ipv4, ipv6}: VifLocking, device: string): VifLimits {
	if (mode === 'unlocked') {
		return free;
	}
	const addresses = parseAddresses([...ipv4.split(','), ...ipv6.split(',')]);
	if (mode !== 'locked' || addresses === undefined) {
		const what = mode === 'locked' ? `addresses ${ipv4} ${ipv6}` : `locking-mode ${mode}`;

		return unmet('limits', `XAPI's ${what} of ${device} cannot be kept by a channel`);
	}

	return {
		...free,
		limits: {...nothing, addresses},
		limitedBy: `XAPI's locking-mode of ${device}`,
	};
}

/** Undefined where one is none. */
function parseAddresses(texts: readonly string[]): Prefix[] | undefined {
	const prefixes = texts.filter(text => text !== '').map(parsePrefix);

	return prefixes.every(each => each !== undefined) ? mergePrefixes(prefixes) : undefined;
}

/**
 * `<bytes>,<microseconds>`: so much in each such time, as netback reads it (xen_net_read_rate() of Linux), which takes
 * no time at all for no limit.
 */
function limitsOfRate(text: string, device: string): VifLimits {
	const [, bytes = '', microseconds = ''] = /^(\d{1,15}),(\d{1,15})$/.exec(text) ?? [];
	if (Number(microseconds) === 0 && microseconds !== '') {
		return free;
	}
	const rate = Math.floor((Number(bytes) * 8e6) / Number(microseconds || NaN));
	if (!(rate >= rateLimits.min)) {
		return unmet('rate', `${device} has a rate limit that no channel can keep: ${text}`);
	}

	return {
		...free,
		limits: {...nothing, rate: Math.min(rate, rateLimits.max)},
		limitedBy: `rate= of ${device}`,
	};
}
