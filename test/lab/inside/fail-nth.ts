// SPDX-License-Identifier: MIT
//
// Runs in a guest whose kernel can refuse memory: does things to the module again and again, each time
// with another one of the memory allocations that it makes on the way refused, until all of them were.
//
//   fail-nth.mjs SOCKET     a line of JSON in, {"step":"offer",...}; a line of JSON out
//
// A refused step must be as if it had not been asked for: that is what `left` says. The kernel
// counts the allocations of one thread; ours, since requests are sent from JavaScript itself.
import {once} from 'node:events';
import {readFileSync, writeFileSync} from 'node:fs';
import {createServer, type Socket} from 'node:net';
import process from 'node:process';
import {createInterface} from 'node:readline';
import {openKernel} from '../../../userland/kernel/client.ts';
import type {Kernel, Offer, PeerConfig} from '../../../userland/kernel/kernel.ts';
import {errnoOf} from '../../../userland/kernel/errors.ts';
import {parseOrder, type Order, type Outcome, type Refused} from './order.ts';

const counter = '/proc/thread-self/fail-nth';
const mostRounds = 500;
const order = 5;

type Step = {
	readonly act: () => Promise<void>;
	/** Makes the step possible again after it was done. */
	readonly undo: () => Promise<void>;
	/** What has to follow a refusal before anything can be compared or tried again. */
	readonly mend?: () => Promise<void>;
};

/** The newest of ours, for the peer to attach to. */
let made: Offer | undefined;

function stepFor(kernel: Kernel, {step, domid, link, listen, offer}: Order): Step {
	const epoch = 1;
	const peer: PeerConfig = {domid, epoch, name: 'peer', links: [link]};
	const makeOffer = async () => {
		made = await kernel.offer(domid, epoch, {listen, order});
	};
	const close = () => kernel.close(domid);
	const offerAnew = async () => {
		await close();
		await makeOffer();
	};
	const nothing = async () => {};

	switch (step) {
		case 'read':
			return {act: () => readAll(kernel), undo: nothing};
		case 'peer-new':
			return {act: () => kernel.peerNew(peer), undo: () => kernel.peerDelete(domid)};
		case 'peer-set':
			return {act: () => kernel.peerSet(peer), undo: nothing};
		case 'offer':
			return {act: makeOffer, undo: close};
		case 'attach':
			return {
				act: () => kernel.attach(domid, epoch, offer),
				undo: offerAnew,
				// The kernel closes an event channel to which it refuses an interrupt.
				mend: offerAnew,
			};
		case 'close':
			return {act: close, undo: makeOffer};
		case 'peer-del':
			return {act: () => kernel.peerDelete(domid), undo: () => kernel.peerNew(peer)};
	}
}

async function readAll(kernel: Kernel): Promise<void> {
	await kernel.info();
	await kernel.peers();
}

async function exhaust(kernel: Kernel, {act, undo, mend}: Step): Promise<Outcome> {
	const refused: Refused[] = [];
	let tolerated = 0;

	for (let nth = 1; nth <= mostRounds; nth++) {
		const before = await held(kernel);
		const {error, failed} = await withRefusal(nth, act);

		if (error !== undefined) {
			await mend?.();
			const after = await held(kernel);
			refused.push({nth, error, ...(after === before ? {} : {left: `${before} ${after}`})});
		} else if (failed) {
			tolerated++;
			await undo();
		} else {
			return {refused, tolerated, ...(made ? {offer: made} : {})};
		}
	}
	throw new Error(`${mostRounds} rounds, and still something to refuse`);
}

async function withRefusal(nth: number, act: Step['act']) {
	let error: string | undefined;

	writeFileSync(counter, String(nth));
	try {
		await act();
	} catch (caught) {
		error = errnoOf(caught) ?? String(caught);
	}
	// 0 once it has come to the nth.
	const failed = readFileSync(counter, 'utf8').trim() === '0';
	writeFileSync(counter, '0');

	return {error, failed};
}

async function held(kernel: Kernel): Promise<string> {
	return JSON.stringify(await kernel.info());
}

async function answerTo(kernel: Kernel, line: string): Promise<string> {
	try {
		return JSON.stringify(await exhaust(kernel, stepFor(kernel, parseOrder(line))));
	} catch (error) {
		return JSON.stringify({error: String(error)});
	}
}

const kernel = await openKernel();

async function serve(socket: Socket): Promise<void> {
	for await (const line of createInterface({input: socket})) {
		socket.end(`${await answerTo(kernel, line)}\n`);
	}
}

const server = createServer({allowHalfOpen: true}, socket => void serve(socket));
server.listen(process.argv[2]);
await once(server, 'listening');
