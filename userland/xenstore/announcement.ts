// SPDX-License-Identifier: MIT
import {ringPages as allRingPages} from '../policy/pages.ts';
import {decode, encode, parseMac, parseNumber} from './fields.ts';
import {parseWords, renderWords, type Words} from './words.ts';

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
