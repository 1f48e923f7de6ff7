// SPDX-License-Identifier: MIT

/*
 * Names of domains, as people and tenants choose them: any script, spaces, slashes, emoji. Two names
 * are the same where their code points are: toolstacks compare bytes, and one that we took for another
 * would have that one's rights. What merely looks the same is what `coloop policy lint` warns of.
 */

/**
 * Longest name that a channel can be had under, in bytes of UTF-8. XenStore holds values of 2048
 * bytes (oxenstored, also for dom0); an announcement spells a byte with up to three characters, and
 * has 16 links beside the name. The ends' own policies judge by the name they are told, so it is
 * never told in part: who chooses the name could lose the end that a `deny` goes by.
 */
export const nameBytesMax = 256;

/** What it has that no rule or announcement can say; undefined for a name that is fit for both. */
export function nameProblem(name: string): string | undefined {
	if (name === '') {
		return 'is empty';
	}
	if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(name)) {
		return 'has control characters or line ends';
	}
	if (/[\uFFFD\p{Cs}]/u.test(name)) {
		return 'is not UTF-8';
	}
	const bytes = Buffer.byteLength(name);

	return bytes > nameBytesMax ? `has ${bytes} bytes, more than ${nameBytesMax}` : undefined;
}

const mark = '…';
const graphemes = new Intl.Segmenter('en', {granularity: 'grapheme'});

/**
 * The name itself where it fits into so many bytes of UTF-8 (at least 3); else its longest start that
 * does with a mark behind it. Cuts between characters as people see them, in one that is longer than
 * all the room between its code points, and never in a code point.
 */
export function cutName(name: string, bytesMax: number): string {
	if (Buffer.byteLength(name) <= bytesMax) {
		return name;
	}
	const room = bytesMax - Buffer.byteLength(mark);

	return `${startOf(charactersOf(name), room) || startOf(name, room)}${mark}`;
}

function* charactersOf(text: string): Generator<string> {
	for (const {segment} of graphemes.segment(text)) {
		yield segment;
	}
}

function startOf(parts: Iterable<string>, room: number): string {
	let start = '';
	let left = room;

	for (const part of parts) {
		left -= Buffer.byteLength(part);
		if (left < 0) {
			break;
		}
		start += part;
	}

	return start;
}

/**
 * As a terminal may have it: what would move its cursor, turn text around or not be seen is spelled
 * out. A joiner stays inside emoji and behind a letter of a script that is spelled with it.
 */
export function printable(text: string): string {
	return text.replace(unseen, (character, offset: number) => {
		const isText = /^[\uFE0E\uFE0F]$/.test(character) || isJoiner(character, text, offset);

		return isText ? character : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
	});
}

const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

function isJoiner(character: string, text: string, offset: number): boolean {
	if (character !== '\u200C' && character !== '\u200D') {
		return false;
	}
	const before = /.$/su.exec(text.slice(Math.max(0, offset - 2), offset))?.[0] ?? '';

	return joined.test(before);
}

const joined =
	/[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{M}\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Kannada}\p{Script=Telugu}\p{Script=Tamil}]/u;

/** How many columns of a terminal a printable text takes. */
export function displayWidth(text: string): number {
	if (/^[\x20-\x7E]*$/.test(text)) {
		return text.length;
	}

	return Array.from(charactersOf(text), columnsOf).reduce((sum, columns) => sum + columns, 0);
}

function columnsOf(character: string): number {
	if (/^[\p{M}\p{Cf}\uFE0F]+$/u.test(character)) {
		return 0;
	}

	return wide.test(character) ? 2 : 1;
}

/** Unicode's East_Asian_Width W and F, by the scripts that have it, and what is shown as an emoji. */
const wide =
	/^(?:[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}\p{Script=Yi}\p{Script=Tangut}\p{Script=Nushu}\p{Emoji_Presentation}\u3000-\u303E\u30FB-\u30FC\uFF01-\uFF60\uFFE0-\uFFE6]|\p{Emoji}\uFE0F)/u;
