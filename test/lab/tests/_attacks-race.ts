// SPDX-License-Identifier: MIT
import {stackFromEnvironment, watches} from '../images.ts';
import {forgiven, guard} from './_attacks-frame.ts';
import {largest, smallest, taken, type Attack, type Bout} from './_bout.ts';

/** Time of a kernel that watches, counted, is slow: fewer are wrong in ten seconds than a large ring forgives. */
const order = watches(stackFromEnvironment()) ? smallest : largest;

export const races: readonly Attack[] = [
	{
		name: 'flip-headers',
		does: 'rewrites record headers while they are read',
		must: 'each is read once: what does not fit its packet is dropped, in the end broken: bad-frame',
		rule: 'R3; XSA-155; XenLoop: copy_packet',
		order,
		body: flipping('headers'),
	},
	{
		name: 'flip-lengths',
		does: 'a record is short to who looks first and 65 000 bytes to who looks again',
		must: 'no byte too many is copied; in the end broken: bad-record',
		rule: 'R3; XSA-155; XenLoop: copy_packet',
		async body(bout) {
			const {a, b, t} = bout;
			await b.evil('flip lengths');
			t.is((await a.reaches(b, 'broken')).reason, 'bad-record');
			bout.say(await b.evil('calm'));
		},
	},
	{
		name: 'flip-payload',
		does: 'source address and packet change between the check and the use',
		must: 'what was checked is what is delivered: no frame of guest c gets through; in the end broken: bad-frame',
		rule: 'R4; XSA-155',
		order,
		body: flippedPayload,
	},
];

/** Changes while they are read, on another processor, until the victim has enough of what is wrong. */
function flipping(kind: string): (bout: Bout) => Promise<void> {
	return async bout => {
		const {a, b, t} = bout;
		await b.evil(`flip ${kind}`);
		const {reason, droppedHeader, droppedSource} = await a.reaches(b, 'broken');
		bout.say(`${await b.evil('calm')}, ${await taken(bout)} records taken`);
		t.is(reason, 'bad-frame');
		t.true(droppedHeader + droppedSource > forgiven(order));
	};
}

async function flippedPayload(bout: Bout): Promise<void> {
	const {lab, t} = bout;
	await guard(lab.a, [
		'ether saddr 00:16:3e:00:00:03 counter comment "foreign"',
		'ether saddr 00:16:3e:00:00:02 counter drop comment "own"',
	]);
	await flipping('payload')(bout);
	const {stdout} = await lab.a.run('nft list table netdev guard; nft delete table netdev guard');
	const count = (what: string) =>
		Number(new RegExp(`counter packets (\\d+) .*"${what}"`).exec(stdout)?.[1]);
	bout.say(`${count('own')} from its own address, ${count('foreign')} from another`);
	t.true(count('own') > 0);
	t.is(count('foreign'), 0);
}
