// SPDX-License-Identifier: MIT
import {createHmac} from 'node:crypto';
import {isIPv4, isIPv6} from 'node:net';
import {dom0Name} from '../domain-name.ts';

/** Puts something that means nothing in the place of what is nobody's business. */
export type Pseudonyms = {
	/** In running text. */
	text(text: string): string;
	/** In every text of a value that is JSON; keys stay. */
	json(value: unknown): unknown;
};

/**
 * The same for the same `key` and word, so that two archives of one machine compare, and by nobody who
 * lacks the key to be found out by trying names. `names` are those of domains and of the machine.
 */
export function createPseudonyms(key: string, names: readonly string[]): Pseudonyms {
	const digest = (kind: string, word: string) =>
		createHmac('sha256', key).update(`${kind} ${word}`).digest('hex');
	const known = new Map<string, string>();
	for (const name of names.filter(each => each !== '' && each !== dom0Name)) {
		const alias = `name-${digest('name', name).slice(0, 8)}`;
		known.set(name, alias).set(spelled(name), alias);
	}
	const words = [...known.keys()].sort((a, b) => b.length - a.length).map(escapeRegExp);
	const named =
		words.length === 0
			? undefined
			: new RegExp(`(?<![\\p{L}\\p{N}_])(?:${words.join('|')})(?![\\p{L}\\p{N}_])`, 'gu');

	const masked = (original: string) =>
		(named ? original.replace(named, name => known.get(name) ?? '') : original)
			.replace(uuids, uuid => {
				const hex = digest('uuid', uuid.toLowerCase());

				return `00000000-0000-4000-8000-${hex.slice(0, 12)}`;
			})
			.replace(macs, run => inMacs(run, digest))
			.replace(ip4s, address =>
				isPublicKnowledge(address) ? address : ip4Of(digest('ip', address)),
			)
			.replace(ip6s, address =>
				isIPv6(address) && address.replace(/[:0]/g, '').length > 1
					? `fd00::${digest('ip', address).slice(0, 4)}:${digest('ip', address).slice(4, 8)}`
					: address,
			);
	const text = (original: string) =>
		ownWords.reduce((said, words) => said.replace(words, '$1"..."'), masked(original));

	const json = (value: unknown): unknown => {
		if (typeof value === 'string') {
			return text(value);
		}
		if (Array.isArray(value)) {
			return value.map(json);
		}

		return typeof value === 'object' && value !== null
			? Object.fromEntries(Object.entries(value).map(([name, each]) => [name, json(each)]))
			: value;
	};

	return {text, json};
}

const uuids = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi;
/** One, or two behind the number of a vif, as links are spelled in XenStore. */
const macs = /(?<![0-9a-f])(?:\d{1,2}:)?[0-9a-f]{2}(?::[0-9a-f]{2}){5,}(?![0-9a-f])/gi;
const ip4s = /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])/g;
const ip6s = /(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])/gi;
/** People explain their rules, log lines and devices in their own words, which iptables quotes where it has to. */
const ownWords = [
	/(\b(?:comment|prefix) )"(?:\\.|[^"\\\n])*"/g,
	/((?<=--)(?:comment|log-prefix|nflog-prefix) )(?!")\S+/g,
	/(^ +alias ).+/gm,
	/(\blink-netns )\S+/g,
];

type Digest = (kind: string, word: string) => string;

/** What is more than whole addresses stands before them. */
function inMacs(run: string, digest: Digest): string {
	const octets = run.split(':');
	const before = octets.splice(0, octets.length % 6);
	const found: string[] = [];
	while (octets.length > 0) {
		const mac = octets.splice(0, 6).join(':');
		found.push(isNobodys(mac) ? mac : macOf(digest('mac', mac.toLowerCase())));
	}

	return [...before, ...found].join(':');
}

/** Masks, groups, and the address that every vif in dom0 has. */
function isNobodys(mac: string): boolean {
	return /^(?:(?:00|ff):)*(?:00|ff)$|^fe:ff:ff:ff:ff:ff$|^01:|^33:33:/i.test(mac);
}

function isPublicKnowledge(address: string): boolean {
	const first = Number(address.split('.', 1)[0]);

	return !isIPv4(address) || first === 0 || first === 127 || first >= 224;
}

function macOf(hex: string): string {
	return `02:${(hex.slice(0, 10).match(/../g) ?? []).join(':')}`;
}

function ip4Of(hex: string): string {
	return `10.${[0, 2, 4].map(at => Number.parseInt(hex.slice(at, at + 2), 16)).join('.')}`;
}

/** As announcements in XenStore spell names. */
function spelled(name: string): string {
	return [...Buffer.from(name)]
		.map(byte => {
			const character = String.fromCharCode(byte);

			return /[\w.+-]/.test(character)
				? character
				: `%${byte.toString(16).padStart(2, '0').toUpperCase()}`;
		})
		.join('');
}

function escapeRegExp(text: string): string {
	return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
