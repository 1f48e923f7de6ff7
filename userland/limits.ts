// SPDX-License-Identifier: MIT
import {intersectPrefixes, parsePrefix, renderPrefix, type Prefix} from './prefixes.ts';

/** What dom0 lets a domain send over a channel. Who receives it enforces it, as the sender may be hostile. */
export type Limits = {
	/** Bits a second of IP packets, from each Ethernet address of the domain to each receiver; undefined: any number. */
	readonly rate: number | undefined;
	/** Where its packets may come from; undefined: anywhere. An empty list is nowhere. */
	readonly addresses: readonly Prefix[] | undefined;
	/** What it may not be. */
	readonly guards: readonly Guard[];
};

/** A server of DHCP; a router that IPv6 hosts hear of. */
type Guard = (typeof guards)[number];

export const guards = ['dhcp', 'ra'] as const;

/** In bits a second: below, a single large packet is seconds' worth; above, there is nothing to hold. */
export const rateLimits = {min: 8000, max: 400_000_000_000} as const;

/** More would not fit into a node beside what else is announced. */
export const addressesMax = 16;

const none = '-';

/** What both let through; undefined: anything. It may have more than `addressesMax` addresses. */
export function narrowLimits(
	one: Limits | undefined,
	other: Limits | undefined,
): Limits | undefined {
	if (one === undefined || other === undefined) {
		return one ?? other;
	}
	const rates = [one.rate, other.rate].filter(rate => rate !== undefined);

	return {
		rate: rates.length === 0 ? undefined : Math.min(...rates),
		addresses:
			one.addresses && other.addresses
				? intersectPrefixes(one.addresses, other.addresses)
				: (one.addresses ?? other.addresses),
		guards: guards.filter(guard => one.guards.includes(guard) || other.guards.includes(guard)),
	};
}

/** `rate:<bits/s>;from:<prefix>[,...];no:<guard>[,...]`, of which at least one is said; `from:-` is nowhere. */
export function renderLimits({rate, addresses, guards: not}: Limits): string {
	return [
		...(rate === undefined ? [] : [`rate:${rate}`]),
		...(addresses === undefined ? [] : [`from:${addresses.map(renderPrefix).join() || none}`]),
		...(not.length === 0 ? [] : [`no:${not.join()}`]),
	].join(';');
}

/** Undefined for what does not parse: then there may be no channel, as nobody knows what was forbidden. */
export function parseLimits(text: string): Limits | undefined {
	const match = /^(?:rate:([1-9]\d{3,11}))?(?:(?:^|;)from:([^;]+))?(?:(?:^|;)no:([^;]+))?$/.exec(
		text,
	);
	if (text === '' || !match) {
		return undefined;
	}
	const [, rateText, fromText, guardText] = match;
	const rate = rateText === undefined ? undefined : Number(rateText);
	const addresses = fromText === undefined ? undefined : parseAddresses(fromText);
	const not = guardText === undefined ? [] : guardText.split(',').map(asGuard);
	if (rate !== undefined && (rate < rateLimits.min || rate > rateLimits.max)) {
		return undefined;
	}
	if (fromText !== undefined && addresses === undefined) {
		return undefined;
	}

	return not.every(guard => guard !== undefined) ? {rate, addresses, guards: not} : undefined;
}

function parseAddresses(text: string): Prefix[] | undefined {
	const prefixes = text === none ? [] : text.split(',').map(parsePrefix);
	const isWhole = prefixes.length <= addressesMax && prefixes.every(each => each !== undefined);

	return isWhole ? prefixes : undefined;
}

function asGuard(text: string): Guard | undefined {
	return guards.find(guard => guard === text);
}
