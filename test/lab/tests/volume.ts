// SPDX-License-Identifier: MIT
//
// The attacks of which one is not enough. HEADERS, JUMPS and LIES say how many.
import test from 'ava';
import type {ClaimName} from '../../claims/claims.ts';
import type {Channel} from '../drive.ts';
import {until} from '../until.ts';
import {withLab} from '../with-lab.ts';
import {jumps} from './_attacks-index.ts';
import {controlLies} from './_attacks-offer.ts';
import {flood} from './_attacks-record.ts';
import {bout, chosen, holdsNothing, largest, taken, type Attack, type Bout} from './_bout.ts';
import {count} from './_count.ts';

const headers = count('HEADERS', 1_000_000);
const indexJumps = count('JUMPS', 100_000);
const lies = count('LIES', 10_000);

/** An attack whose figure goes into the table of claims. */
function counted(attack: Attack, name: ClaimName, figure: string): Attack {
	return {
		...attack,
		async body(given) {
			await attack.body(given);
			given.claim(name, figure);
		},
	};
}

/** By as many channels as it takes: half of it is no packet, and that is forgiven so often only. */
function nonsense(records: number): (bout: Bout) => Promise<void> {
	return async bout => {
		let put = 0;
		let channels = 1;
		while (put < records) {
			const [count, state] = await someNonsense(bout, Math.min(records - put, 20_000));
			put += count;
			if (state === 'live') {
				continue;
			}
			await bout.link.close();
			await holdsNothing(bout.a);
			await bout.link.connect();
			channels++;
		}
		bout.say(`${put} records in ${channels} channels`);
	};
}

async function someNonsense(bout: Bout, records: number): Promise<[number, Channel['state']]> {
	const {t, a, b} = bout;
	const before = await taken(bout);
	const count = Number.parseInt(await b.evil(`nonsense ${records}`), 10);
	await until(
		'all are taken, or it is found out',
		async () => (await a.channel(b)).state !== 'live' || (await taken(bout)) >= before + count,
		{timeout: 900_000},
	);
	const channel = await a.channel(b);
	if (channel.state !== 'live') {
		t.is(channel.reason, 'bad-frame');
	}

	return [count, channel.state];
}

const volume: readonly Attack[] = [
	counted(
		{
			name: 'nonsense',
			does: `${headers} well-formed records with anything in them`,
			must: 'taken, dropped, or found out: broken: bad-frame, and on by the next channel',
			rule: 'R9 R21',
			order: largest,
			body: nonsense(headers),
		},
		'mutated-headers',
		`${headers} records, all taken or found out`,
	),
	counted(
		{
			name: 'lengths',
			does: 'good records of every length from 14 to 65 600 bytes',
			must: 'all are taken',
			rule: 'R9; XSA-432',
			body: flood('lengths 1', 65_587),
		},
		'record-lengths',
		'65587 lengths, all taken',
	),
	counted(
		{
			name: 'jumps',
			does: `moves all four indices about as far as it may, ${indexJumps} times, then too far`,
			must: 'every record is taken; then broken: bad-index',
			rule: 'R2; XSA-86',
			body: jumps(indexJumps),
		},
		'index-jumps',
		`${indexJumps} jumps, then found out`,
	),
	counted(
		{
			name: 'control',
			does: `rewrites its control page while it is read, ${lies} looks long`,
			must: 'each look is refused with a sentence or believed as a whole',
			rule: 'R1 R3; XSA-155',
			body: controlLies(lies),
		},
		'control-lies',
		`${lies} looks at a page that lies`,
	),
];

test('attacks by the million are survived', withLab, bout(chosen(volume), 8));
