// SPDX-License-Identifier: MIT
import {parseNumbers} from './fields.ts';

/*
 * The values of our XenStore nodes, to and from text. Parsers are strict and answer undefined:
 * a value that does not parse is ignored by its reader, never guessed (a guest writes what it likes).
 */

export const protocol = {min: 1, max: 1} as const;

export type Hello = {readonly min: number; readonly max: number; readonly features: number};

/** `closed` says that the sender ended this life of the pair; dom0 answers with a new epoch. */
export type OfferState = 'offered' | 'live' | 'closed';

export type OfferValue = {
	readonly epoch: number;
	readonly state: OfferState;
	readonly version: number;
	readonly controlRef: number;
	readonly eventPort: number;
};

/** Counters that an endpoint tells dom0, so that dom0 can list every pair. */
type Stats = {
	readonly since: number;
	readonly txPackets: bigint;
	readonly txBytes: bigint;
	readonly rxPackets: bigint;
	readonly rxBytes: bigint;
};

export function parseHello(text: string): Hello | undefined {
	const [min, max, features] = parseNumbers(text, 3) ?? [];
	if (min === undefined || max === undefined || features === undefined) {
		return undefined;
	}

	return min <= max ? {min, max, features} : undefined;
}

export function renderHello({min, max, features}: Hello): string {
	return `${min} ${max} ${features}`;
}

export function parseOffer(text: string): OfferValue | undefined {
	const match = /^(\d+) (offered|live|closed) (\d+) (\d+) (\d+)$/.exec(text);
	if (!match) {
		return undefined;
	}
	const numbers = parseNumbers(`${match[1]} ${match[3]} ${match[4]} ${match[5]}`, 4) ?? [];
	const [epoch, version, controlRef, eventPort] = numbers;
	if (!epoch || !version || controlRef === undefined || eventPort === undefined) {
		return undefined;
	}
	const state = match[2] === 'offered' || match[2] === 'live' ? match[2] : 'closed';

	return {epoch, state, version, controlRef, eventPort};
}

export function renderOffer(offer: OfferValue): string {
	const {epoch, state, version, controlRef, eventPort} = offer;

	return `${epoch} ${state} ${version} ${controlRef} ${eventPort}`;
}

export function parseStats(text: string): Stats | undefined {
	if (!/^\d{1,10}(?: \d{1,20}){4}$/.test(text)) {
		return undefined;
	}
	const [since = 0n, txPackets = 0n, txBytes = 0n, rxPackets = 0n, rxBytes = 0n] = text
		.split(' ')
		.map(BigInt);

	return {since: Number(since), txPackets, txBytes, rxPackets, rxBytes};
}

export function renderStats(stats: Stats): string {
	const {since, txPackets, txBytes, rxPackets, rxBytes} = stats;

	return `${since} ${txPackets} ${txBytes} ${rxPackets} ${rxBytes}`;
}

/** Whether two ranges of protocol versions meet. */
export function speaks(hello: Hello): boolean {
	return hello.min <= protocol.max && hello.max >= protocol.min;
}
