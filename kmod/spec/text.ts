// SPDX-License-Identifier: MIT

export const notice = 'Generated from kmod/spec/coloop.yaml by `make generate`, do not edit.';

/** `COLOOP_A_PEER_DOMID` from `coloop`, `a`, `peer`, `domid`. */
export function constant(...words: readonly string[]): string {
	return words.join('_').replaceAll('-', '_').toUpperCase();
}

/** `localMac` from `local-mac`. */
export function camel(name: string): string {
	return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** `local_mac` from `local-mac`. */
export function snake(name: string): string {
	return name.replaceAll('-', '_');
}

/** Lines to a text that ends in one newline. */
export function lines(all: readonly string[]): string {
	return `${all.join('\n').trimEnd()}\n`;
}

/** A text cut at spaces to lines of 80 columns, each behind the prefix, later ones behind `rest`. */
export function wrapped(prefix: string, text: string, rest = prefix): string[] {
	const result = [''];

	for (const word of text.trim().split(/\s+/)) {
		const at = result.length - 1;
		const start = at === 0 ? prefix : rest;
		const line = result[at] ?? '';

		if (line !== '' && start.length + line.length + 1 + word.length > 80) {
			result.push(word);
		} else {
			result[at] = line === '' ? word : `${line} ${word}`;
		}
	}

	return result.map((line, at) => (at === 0 ? prefix : rest) + line);
}

/** A kernel-doc comment: a title and what each member means. */
export function kernelDoc(
	title: string,
	members: readonly (readonly [string, string | undefined])[],
): string[] {
	return [
		'/**',
		...wrapped(' * ', title, ' *   '),
		...members.flatMap(([member, doc]) =>
			wrapped(' * ', `@${member}: ${doc ?? 'Only for alignment.'}`, ' *   '),
		),
		' */',
	];
}
