// SPDX-License-Identifier: MIT
import {breaks, ringBytes, speak, taken, type Attack, type Bout} from './_bout.ts';

function index(name: string, does: string, command: string, rule: string): Attack {
	return {
		...{name, does, rule, must: 'broken: bad-index, with the number'},
		async body(bout) {
			const {said, channel} = await breaks(bout, command, 'bad-index');
			bout.t.regex(said, new RegExp(`^\\w+ ${channel.detail} for \\d+$`));
		},
	};
}

export const indices: readonly Attack[] = [
	index(
		'prod-beyond',
		'prod says more than a ring holds',
		`prod ${ringBytes + 16}`,
		'R2; XSA-86',
	),
	index('prod-odd', 'prod lies in the middle of a record header', 'prod 8', 'R2'),
	index('prod-back', 'prod goes backward', 'prod -16', 'R2; XSA-86; XenLoop: xf_size'),
	index('prod-half', 'prod is half the number space away', 'prod 2147483648', 'R2; XSA-86'),
	index('cons-beyond', 'cons is ahead of what we put in', `cons ${ringBytes + 16}`, 'R2; XSA-86'),
	index('cons-back', 'cons goes backward', `cons -${ringBytes}`, 'R2; XSA-86'),
	{
		name: 'side-unknown',
		does: 'says that it is in state 9',
		must: 'broken: bad-state, with the number',
		rule: 'R15',
		async body(bout) {
			const {channel} = await breaks(bout, 'side 9', 'bad-state');
			bout.t.is(channel.detail, 9);
		},
	},
	{
		name: 'side-back',
		does: 'says that it never mapped us',
		must: 'nothing: a state only grows; what waits too long ends as stalled',
		rule: 'R15',
		async body(bout) {
			const {a, b, t} = bout;
			bout.say(await b.evil('side 1'));
			await speak(bout);
			t.is((await a.reaches(b, 'stalled')).reason, 'stalled');
		},
	},
	{
		name: 'side-closing',
		does: 'says that it closes, but keeps all it has',
		must: 'the victim closes, and waits for nothing',
		rule: 'R12 R14; XSA-396',
		async body({a, b, t, say}) {
			say(await b.evil('side 3'));
			t.is((await a.reaches(b, 'closed')).reason, 'peer-closed');
		},
	},
	{
		name: 'thresholds',
		does: 'names 20 000 pairs of thresholds at random',
		must: 'the channel stays; both sides are told of what there is',
		rule: 'R2 R10',
		async body(bout) {
			const {a, b, t, lab} = bout;
			t.is(await b.evil('thresholds 20000'), '20000 pairs of thresholds');
			await lab.a.run('ping -q -c 3 -i 0.2 b', {silent: true});
			t.is((await a.channel(b)).state, 'live');
		},
	},
	{
		name: 'jumps',
		does: 'moves all four indices about as far as it may, 2 000 times, then too far',
		must: 'every record is taken; then broken: bad-index',
		rule: 'R2; XSA-86',
		body: jumps(2000),
	},
];

export function jumps(count: number): (bout: Bout) => Promise<void> {
	return async bout => {
		const {b, t} = bout;
		const before = await taken(bout);
		const said = await b.evil(`jump ${count}`);
		bout.say(said);
		const [, jumped, records] = /^(\d+) jumps, (\d+) records, all taken$/.exec(said) ?? [];
		t.is(Number(jumped), count);
		t.true((await taken(bout)) >= before + Number(records));
		await breaks(bout, 'prod 8', 'bad-index');
	};
}
