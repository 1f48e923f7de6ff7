// SPDX-License-Identifier: MIT

import {ringPages as allRingPages} from '../policy/pages.ts';
import {parseWords, renderWords, type Words} from './words.ts';

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

export type AnnouncedLink = {
	/** A guest's vif number, or the name of dom0's bridge. */
	readonly vif: string;
	readonly localMac: string;
	readonly remoteMac: string;
	/** Longest IP packet that dom0 carries between the two; said to ends that have `linkState`. */
	readonly mtu?: number;
};

export type Announcement = Words & {
	readonly epoch: number;
	readonly name: string;
	readonly links: readonly AnnouncedLink[];
	/** Changes when another rule of the host policy decides. */
	readonly digest: string;
	/** Most of the rings that each end sends through; undefined: as the endpoint likes. */
	readonly ringPages: number | undefined;
	/** What they have while they are quiet; undefined: as the endpoint likes. */
	readonly ringPagesMin: number | undefined;
	/** How many there are to be, at most. */
	readonly queues: number;
};

/** Counters that an endpoint tells dom0, so that dom0 can list every pair. */
export type Stats = {
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

const anyPages = '-';

/** No IP packet is longer. */
export const mtuMax = 65_535;

export function parseAnnouncement(text: string): Announcement | undefined {
	const texts = text.split(' ');
	const isWord = (each: string) => each.includes('=');
	const [first, name, linkTexts, digest, most = anyPages, queueText = '1', least, ...rest] =
		texts.filter(each => !isWord(each));
	const words = parseWords(texts.filter(isWord));
	const epoch = parseNumber(first ?? '');
	if (!epoch || !name || !linkTexts || !digest || !words || rest.length > 0) {
		return undefined;
	}
	if (!/^[0-9a-f]{1,64}$/.test(digest)) {
		return undefined;
	}
	const [ringPages, ringPagesMin] = [parsePages(most), parsePages(least ?? '')];
	if (most !== anyPages && ringPages === undefined) {
		return undefined;
	}
	if (least !== undefined && ringPagesMin === undefined) {
		return undefined;
	}
	if (!/^[1-8]$/.test(queueText)) {
		return undefined;
	}

	const links = linkTexts.split(',').map(parseLink);
	const decoded = decode(name);
	/* The kernel's names end at a NUL; no host role announces a control character. */
	if (decoded === undefined || /\p{Cc}/u.test(decoded)) {
		return undefined;
	}
	if (!links.every(link => link !== undefined)) {
		return undefined;
	}
	const queues = Number(queueText);

	return {epoch, name: decoded, links, digest, ringPages, ringPagesMin, queues, ...words};
}

export function renderAnnouncement(announcement: Announcement): string {
	const {epoch, name, links, digest, ringPages, ringPagesMin, queues} = announcement;
	const words = [
		epoch,
		encode(name),
		links.map(renderLink).join(','),
		digest,
		ringPages ?? anyPages,
		queues,
	];

	/* Said only where policy does: who does not know the word takes none. */
	const least = ringPagesMin === undefined ? [] : [ringPagesMin];

	return [...words, ...least, ...renderWords(announcement)].join(' ');
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

/** An Ethernet address in the one form we compare, undefined where it is not one of a station. */
export function parseMac(text: string): string | undefined {
	const mac = text.trim().toLowerCase();
	if (!/^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/.test(mac) || mac === '00:00:00:00:00:00') {
		return undefined;
	}

	return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 0 ? mac : undefined;
}

function parseLink(text: string): AnnouncedLink | undefined {
	const match = /^([\w.+%-]{1,45}):([0-9a-f:]{17}):([0-9a-f:]{17})(?::([1-9]\d{1,4}))?$/.exec(
		text,
	);
	const [vif, localMac, remoteMac] = [
		decode(match?.[1] ?? ''),
		parseMac(match?.[2] ?? ''),
		parseMac(match?.[3] ?? ''),
	];
	if (!vif || !localMac || !remoteMac) {
		return undefined;
	}
	const mtu = Number(match?.[4] ?? 0);
	if (mtu > mtuMax) {
		return undefined;
	}

	return {vif, localMac, remoteMac, ...(mtu > 0 && {mtu})};
}

function renderLink({vif, localMac, remoteMac, mtu}: AnnouncedLink): string {
	const way = `${encode(vif)}:${localMac}:${remoteMac}`;

	return mtu === undefined ? way : `${way}:${mtu}`;
}

function parsePages(text: string): number | undefined {
	return allRingPages.find(each => String(each) === text);
}

function parseNumbers(text: string, count: number): number[] | undefined {
	const numbers = text.split(' ').map(parseNumber);

	return numbers.length === count && numbers.every(n => n !== undefined) ? numbers : undefined;
}

/** A plain decimal of 32 bits. */
function parseNumber(text: string): number | undefined {
	if (!/^(?:0|[1-9][0-9]{0,9})$/.test(text)) {
		return undefined;
	}
	const number = Number(text);

	return number <= 0xffff_ffff ? number : undefined;
}

function encode(text: string): string {
	if (/^[\w.+-]*$/.test(text)) {
		return text;
	}

	return [...Buffer.from(text)]
		.map(byte => String.fromCharCode(byte))
		.map(char => (/[\w.+-]/.test(char) ? char : percent(char)))
		.join('');
}

function percent(char: string): string {
	return `%${char.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`;
}

function decode(text: string): string | undefined {
	try {
		return decodeURIComponent(text);
	} catch {
		return undefined;
	}
}
