// SPDX-License-Identifier: MIT
import test from 'ava';
import fc from 'fast-check';
import {linesOf} from '../../../userland/fleet/lines.ts';

async function read(
	pieces: readonly Uint8Array[],
	most: number,
): Promise<Array<string | undefined>> {
	const lines = [];
	for await (const line of linesOf(
		(async function* () {
			yield* pieces;
		})(),
		most,
	)) {
		lines.push(line);
	}

	return lines;
}

test('however a stream is cut, its lines are the same, and long ones are told as such', async t => {
	await fc.assert(
		fc.asyncProperty(
			fc.array(
				fc.string({unit: 'grapheme', maxLength: 20}).map(each => each.replaceAll('\n', '')),
			),
			fc.array(fc.nat(40)),
			async (texts, cuts) => {
				const bytes = Buffer.from(texts.map(text => `${text}\n`).join(''));
				const at = [...new Set([0, ...cuts, bytes.length])]
					.filter(cut => cut <= bytes.length)
					.sort((a, b) => a - b);
				const pieces = at.map((from, index) => bytes.subarray(from, at[index + 1]));
				t.deepEqual(
					await read(pieces, 12),
					texts.map(text => (Buffer.byteLength(text) > 12 ? undefined : text)),
				);
			},
		),
	);
	t.deepEqual(await read([Buffer.from('a\nrest')], 9), ['a']);
	t.deepEqual(await read([], 9), []);
});
