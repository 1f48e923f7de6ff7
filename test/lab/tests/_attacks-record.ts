// SPDX-License-Identifier: MIT
import {until} from '../until.ts';
import {breaks, largest, taken, type Attack, type Bout} from './_bout.ts';

function record(name: string, does: string, command: string, rule: string): Attack {
	return {
		...{name, does, rule, must: 'broken: bad-record'},
		body: async bout => void (await breaks(bout, command, 'bad-record')),
	};
}

export const records: readonly Attack[] = [
	record('record-empty', 'a record of 0 bytes', 'record-len 0', 'R3 R9'),
	record('record-short', 'a record shorter than an Ethernet header', 'record-len 13', 'R9'),
	record('record-long', 'a record above the largest frame', 'record-len 70000', 'R9; XSA-155'),
	record('record-huge', 'a length that wraps round', 'record-len 4294967295', 'R1; XSA-86'),
	record('record-absent', 'a record longer than what is there', 'record-len 2000', 'R1; XSA-155'),
	record('record-flags', 'unknown flags', 'record flags 128', 'R22'),
	record('record-parts', 'parts without headers', 'record parts 1', 'R9 R22'),
	record('record-parts-many', 'more parts than there can be', 'record parts 65535', 'R1 R22'),
	record('record-gso', 'an unknown kind of offload', 'record gso_type 9', 'R9 R22'),
	record('record-gso-size', 'segments of a packet that is none', 'record gso_size 9', 'R9'),
	record('record-header', 'headers longer than the frame', 'record hdr_len 65', 'R9; XSA-423'),
	record('record-csum', 'a checksum that nobody asked for', 'record csum_offset 65535', 'R9'),
	{
		name: 'record-lengths',
		does: 'good records of every length from 14 to 65 600 bytes, 331 apart',
		must: 'all are taken',
		rule: 'R9; XSA-432',
		body: flood('lengths 331', 199),
	},
	{
		name: 'record-boundaries',
		does: 'segment sizes and headers at and about every edge of a frame, for every offload',
		must: 'all are taken; what does not fit its packet is dropped',
		rule: 'R9; XSA-423, -432',
		order: largest,
		body: flood('boundaries'),
	},
	{
		name: 'record-nonsense',
		does: '20 000 well-formed records with anything in them',
		must: 'all are taken or dropped, the channel stays',
		rule: 'R9 R21',
		order: largest,
		body: flood('nonsense 20000', 20_000),
	},
];

/** So many well-formed records, whatever is in them; the victim gets to the end of them. */
export function flood(command: string, expected?: number): (bout: Bout) => Promise<void> {
	return async bout => {
		const before = await taken(bout);
		const said = await bout.b.evil(command);
		const count = Number(/^(\d+) records$/.exec(said)?.[1]);
		bout.say(said);
		bout.t.true(expected === undefined ? count > 0 : count === expected, said);
		await until(
			'all of them are taken',
			async () => {
				bout.t.is((await bout.a.channel(bout.b)).state, 'live');

				return (await taken(bout)) >= before + count;
			},
			{timeout: 900_000},
		);
	};
}
