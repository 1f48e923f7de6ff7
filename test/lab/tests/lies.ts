// SPDX-License-Identifier: MIT
import test from 'ava';
import {
	channelUp,
	inTurn,
	killDaemon,
	patient,
	peer,
	startDaemon,
	status,
	type Body,
} from '../channel.ts';
import {until} from '../until.ts';
import {labWith} from '../with-lab.ts';
import {
	askAgain,
	findsOut,
	refusals,
	takeDown,
	tell,
	underTraffic,
	unwritable,
	withLiar,
	type UnderTraffic,
} from './_liar.ts';

const forgeries = [
	['magic 0', /no control page/],
	['version 0', /speaks version 0/],
	['version 4294967295', /speaks version 4294967295/],
	['order 4', /ring order is 4,/],
	['order 10', /ring order is 10,/],
	['order 4294967295', /ring order is 4294967295,/],
	['epoch 1', /another epoch/],
	['ref 0', /grant/],
	['ref 9', /grant/],
	['ref 4294967295', /grant/],
] as const;

/** Each offer is refused for its lie, and the next one, which is good, is taken. */
const forgedOffers: Body = async (t, {lab, a, b}) => {
	for (const [at, [lie, reason]] of forgeries.entries()) {
		await takeDown(a);
		t.log(await tell(b, `next ${lie}`));
		await askAgain(a);
		await until('a refuses it', async () => (await refusals(a)).length > at, patient);
		t.regex((await refusals(a))[at] ?? '', reason);
		await askAgain(a);
		await channelUp(lab);
	}
};

/**
 * Offers through XenStore as fast as it takes them: wrong numbers, this epoch and others. The victim
 * tries some, gives each up, and shuns the liar; nobody else waits for that.
 */
const offersAtFullRate: UnderTraffic = async (t, {lab, dom0, a, b}, traffic) => {
	await takeDown(a);
	await killDaemon(b);
	const epoch = (await peer(a, 'b'))?.epoch ?? 0;
	const node = `data/coloop/offers/${(await dom0.run('xl domid a')).stdout.trim()}`;
	const before = (await refusals(a)).length;
	const flood = b.spawn(`exec bash -c 'touch /tmp/flood; for writer in 1 2 3 4; do (
		while [ -e /tmp/flood ]; do
			offer="$((${epoch} + RANDOM % 3)) offered 1 $RANDOM $RANDOM"
			xenstore-write ${node} "$offer" && echo "$offer"
		done) & done; wait'`);
	await askAgain(a);
	await until('a thousand are written', () => lineCount(flood.stdout()) > 1000, patient);
	await traffic.flows();
	t.deepEqual((await status(dom0)).problems, []);
	t.deepEqual((await status(a)).problems, []);
	await b.run('rm /tmp/flood');
	await flood.done;
	t.log(`${lineCount(flood.stdout())} offers, ${(await refusals(a)).length - before} tried`);
	await startDaemon(b);
	await askAgain(a);
	await channelUp(lab);
};

function lineCount(text: string): number {
	return text.split('\n').length - 1;
}

// A ring holds 1048576 bytes.
const lies = [
	['prod 1048592', 'bad-index'],
	['prod 8', 'bad-index'],
	['cons 1048592', 'bad-index'],
	['cons -1048592', 'bad-index'],
	['record-len 0', 'bad-record'],
	['record-len 70000', 'bad-record'],
	['record-len 2000', 'bad-record'],
	['side 9', 'bad-state'],
] as const;

test(
	'each lie is found out, and the next channel is good',
	labWith({mode: 'icount'}),
	withLiar(
		inTurn({
			'in an offer': forgedOffers,
			'in a ring, under traffic': underTraffic(findsOut(lies)),
			'in XenStore, at full rate, under traffic': underTraffic(offersAtFullRate),
		}),
	),
);

test(
	'a PVH peer cannot write our pages',
	labWith({mode: 'icount', type: 'pvh'}),
	// Xen drops the write behind the writer's back.
	withLiar(unwritable),
);
