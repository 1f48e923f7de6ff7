// SPDX-License-Identifier: MIT

/* What values are made of. Parsers are strict and answer undefined. */

/** An Ethernet address in the one form we compare, undefined where it is not one of a station. */
export function parseMac(text: string): string | undefined {
	const mac = text.trim().toLowerCase();
	if (!/^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/.test(mac) || mac === '00:00:00:00:00:00') {
		return undefined;
	}

	return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 0 ? mac : undefined;
}

export function parseNumbers(text: string, count: number): number[] | undefined {
	const numbers = text.split(' ').map(parseNumber);

	return numbers.length === count && numbers.every(n => n !== undefined) ? numbers : undefined;
}

/** A plain decimal of 32 bits. */
export function parseNumber(text: string): number | undefined {
	if (!/^(?:0|[1-9][0-9]{0,9})$/.test(text)) {
		return undefined;
	}
	const number = Number(text);

	return number <= 0xffff_ffff ? number : undefined;
}

export function encode(text: string): string {
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

export function decode(text: string): string | undefined {
	try {
		return decodeURIComponent(text);
	} catch {
		return undefined;
	}
}
