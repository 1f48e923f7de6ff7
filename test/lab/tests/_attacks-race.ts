// SPDX-License-Identifier: MIT
import {until} from '../until.ts';
import {guard} from './_attacks-frame.ts';
import {taken, type Attack, type Bout} from './_bout.ts';

export const races: readonly Attack[] = [
	{
		name: 'flip-headers',
		does: 'rewrites record headers while they are read',
		must: 'each is read once: 50 000 are taken, the channel stays',
		rule: 'R3; XSA-155; XenLoop: copy_packet',
		body: flipping('headers', 50_000),
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
		must: 'what was checked is what is delivered: no frame of guest c gets through',
		rule: 'R4; XSA-155',
		body: flippedPayload,
	},
];

/** Changes while they are read, on another processor; for as long as so many records take. */
function flipping(kind: string, count: number): (bout: Bout) => Promise<void> {
	return async bout => {
		const before = await taken(bout);
		await bout.b.evil(`flip ${kind}`);
		await until('so many are taken', async () => (await taken(bout)) >= before + count);
		bout.say(`${await bout.b.evil('calm')}, ${(await taken(bout)) - before} records taken`);
		bout.t.is((await bout.a.channel(bout.b)).state, 'live');
	};
}

async function flippedPayload(bout: Bout): Promise<void> {
	const {lab, t} = bout;
	await guard(lab.a, [
		'ether saddr 00:16:3e:00:00:03 counter comment "foreign"',
		'ether saddr 00:16:3e:00:00:02 counter drop comment "own"',
	]);
	await flipping('payload', 50_000)(bout);
	const {stdout} = await lab.a.run('nft list table netdev guard; nft delete table netdev guard');
	const count = (what: string) =>
		Number(new RegExp(`counter packets (\\d+) .*"${what}"`).exec(stdout)?.[1]);
	bout.say(`${count('own')} from its own address, ${count('foreign')} from another`);
	t.true(count('own') > 0);
	t.is(count('foreign'), 0);
	t.true((await bout.a.channel(bout.b)).droppedSource > 0);
}
