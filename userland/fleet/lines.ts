// SPDX-License-Identifier: MIT

/**
 * Lines of a stream; of one that is longer than `bytesMost` nothing is kept, and it is told as undefined. What stands
 * behind the last line end is not told.
 */
export async function* linesOf(
	pieces: AsyncIterable<Uint8Array>,
	bytesMost: number,
): AsyncGenerator<string | undefined, void, undefined> {
	let kept: Uint8Array[] = [];
	let length = 0;

	for await (const piece of pieces) {
		let from = 0;
		for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10, from)) {
			take(piece.subarray(from, end));
			yield length > bytesMost ? undefined : Buffer.concat(kept).toString('utf8');
			[kept, length, from] = [[], 0, end + 1];
		}
		take(piece.subarray(from));
	}

	function take(part: Uint8Array): void {
		length += part.length;
		if (length > bytesMost) {
			kept = [];
		} else {
			kept.push(part);
		}
	}
}
