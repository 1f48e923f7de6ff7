// SPDX-License-Identifier: MIT
import test from 'ava';
import {channelUp, inTurn, patient, type Body} from '../channel.ts';
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
		}),
	),
);

test(
	'a PVH peer cannot write our pages',
	labWith({mode: 'icount', type: 'pvh'}),
	// Xen drops the write behind the writer's back.
	withLiar(unwritable('writing says 0, and the byte is as it was')),
);
