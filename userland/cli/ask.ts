// SPDX-License-Identifier: MIT
import {askStatus} from '../control/client.ts';
import {createChoice, listLimits} from '../control/pairs.ts';
import type {Status, Want} from '../control/protocol.ts';

/** What a command shows. A coloopd older than us tells everything; then we choose. */
export async function statusFor(socket: string, want: Want): Promise<Status> {
	const status = await wholeOf(socket, want);
	const isChosen = want.pairs === 'some' && !want.names?.length;

	return isChosen && status.pairs ? chosenOf(status, status.pairs) : status;
}

/** Page after page: the pairs of a large host are more than one answer should hold. */
async function wholeOf(socket: string, want: Want): Promise<Status> {
	const first = await askStatus(socket, want);
	const pairs = [...(first.pairs ?? [])];
	for (let after = first.pairs_after; after !== undefined;) {
		const next = await askStatus(socket, {...want, after});
		for (const pair of next.pairs ?? []) {
			pairs.push(pair);
		}
		after = next.pairs_after;
	}
	delete first.pairs_after;

	return first.pairs === null ? first : {...first, pairs};
}

function chosenOf(status: Status, pairs: NonNullable<Status['pairs']>): Status {
	const choice = createChoice<(typeof pairs)[number]>(listLimits);
	for (const pair of pairs) {
		choice.add(pair, pair);
	}
	const {pairs: chosen, left} = choice.chosen();
	const open = left.open + (status.pairs_left?.open ?? 0);
	const refused = left.refused + (status.pairs_left?.refused ?? 0);

	return {
		...status,
		pairs: chosen,
		...(open + refused > 0 && {pairs_left: {open, refused}}),
	};
}
