// SPDX-License-Identifier: MIT
//
// The attacks of which one is not enough. HEADERS, JUMPS and LIES say how many.
import test from 'ava';
import {claim} from '../../claims/claim.ts';
import {withLab} from '../with-lab.ts';
import {jumps} from './_attacks-index.ts';
import {controlLies} from './_attacks-offer.ts';
import {flood} from './_attacks-record.ts';
import {bout, chosen, type Attack} from './_bout.ts';
import {count} from './_count.ts';

const headers = count('HEADERS', 1_000_000);
const indexJumps = count('JUMPS', 100_000);
const lies = count('LIES', 10_000);

/** An attack whose figure goes into the table of claims. */
function counted(attack: Attack, name: Parameters<typeof claim>[0], figure: string): Attack {
	return {
		...attack,
		async body(given) {
			await attack.body(given);
			await claim(name, figure);
		},
	};
}

const volume: readonly Attack[] = [
	counted(
		{
			name: 'nonsense',
			does: `${headers} well-formed records with anything in them`,
			must: 'all are taken or dropped, the channel stays',
			rule: 'R9 R21',
			body: flood(`nonsense ${headers}`),
		},
		'mutated-headers',
		`${headers} records, all taken`,
	),
	counted(
		{
			name: 'lengths',
			does: 'good records of every length from 14 to 65 600 bytes',
			must: 'all are taken',
			rule: 'R9; XSA-432',
			body: flood('lengths 1'),
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
