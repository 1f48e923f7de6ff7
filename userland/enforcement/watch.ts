// SPDX-License-Identifier: MIT
import type {Notice} from '../kernel/notices.ts';
import {table} from './table.ts';

/** Those of what nftables says that may be about our table. */
export async function* watchOwnTable(notices: AsyncIterable<Notice>): AsyncIterable<Notice> {
	const own = `${table.family} ${table.name}`;

	for await (const notice of notices) {
		if (notice === 'lost' || notice === `chains ${own}` || notice === `rules ${own}`) {
			yield notice;
		}
	}
}
