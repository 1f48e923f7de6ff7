// SPDX-License-Identifier: MIT
import {connect} from 'node:net';
import {createInterface} from 'node:readline';
import type {Offer} from '../../../userland/kernel/kernel.ts';
import type {Ends, Request} from './drive-requests.ts';

type Ask = (request: Request) => Promise<unknown>;

/**
 * Makes and ends channels. What the two ends say to each other is traffic of the pair itself: it
 * takes the ordinary path, then the channel, then the ordinary path again, over one connection.
 * Answers how many packets took the channels.
 */
export async function cycle(own: Ask, count: number, ends: Ends): Promise<{packets: number}> {
	const {other, close} = reach(ends.host, ends.port);
	let packets = 0;
	for (let time = 0; time < count; time++) {
		packets += await once(own, other, ends, time);
	}
	close();

	return {packets};
}

async function once(own: Ask, other: Ask, ends: Ends, time: number): Promise<number> {
	const epoch = ends.peer.epoch + time;
	const [there, here] = [ends.peer.domid, ends.us.domid];
	await own({op: 'peer', config: {...ends.peer, epoch}});
	await other({op: 'peer', config: {...ends.us, epoch}});
	const {order} = ends;
	const offer = {op: 'offer', epoch} as const;
	const ours = parseOffer(
		await own({...offer, domid: there, options: {order, listen: here < there}}),
	);
	const theirs = parseOffer(
		await other({...offer, domid: here, options: {order, listen: there < here}}),
	);
	await other({op: 'attach', domid: here, epoch, offer: ours});
	await own({op: 'attach', domid: there, epoch, offer: theirs});
	const live = {op: 'reaches', states: ['live'], ms: 30_000} as const;
	await own({...live, domid: there});
	// Takes the channel, there and back.
	await other({...live, domid: here});
	const sent = parseSent(await own({op: 'state', domid: there}));
	await own({op: 'close', domid: there});
	await other({...live, states: ['closed'], domid: here});

	return sent;
}

/** Requests over TCP, one after the other. */
function reach(host: string, port: number): {other: Ask; close: () => void} {
	const socket = connect({host, port, noDelay: true});
	const lines = createInterface({input: socket})[Symbol.asyncIterator]();
	const other = async (request: Request) => {
		socket.write(`${JSON.stringify(request)}\n`);
		const {value, done} = await lines.next();
		if (done) {
			throw new Error('the other end is gone');
		}

		return parseAnswer(value);
	};

	return {other, close: () => socket.destroy()};
}

function parseAnswer(line: string): unknown {
	const answer = JSON.parse(line) as {ok: boolean; value: unknown; message: string};
	if (answer.ok) {
		return answer.value;
	}
	throw new Error(`the other end: ${answer.message}`);
}

function parseOffer(value: unknown): Offer {
	return value as Offer;
}

function parseSent(value: unknown): number {
	return Number((value as {txPackets: bigint}).txPackets);
}
