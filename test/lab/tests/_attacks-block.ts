// SPDX-License-Identifier: MIT
import {until} from '../until.ts';
import {flood} from './_attacks-record.ts';
import {breaks, largest, type Attack, type Bout} from './_bout.ts';

const huge = 4_294_967_295;
const step = 64;
const most = 4096;

/** A number of frag pages that no honest end says. */
function misled(name: string, does: string, granted: number): Attack {
	return {
		...{name, does, rule: 'R1 R2', must: 'broken: bad-state, with the number'},
		async body(bout) {
			const {channel} = await breaks(bout, `granted ${granted}`, 'bad-state');
			bout.t.is(channel.detail, granted);
			bout.t.is(channel.mappedFragPages, 0);
		},
	};
}

/** Grants that cannot be mapped, of which nothing else comes. */
function unmapped(name: string, does: string, lies: readonly string[]): Attack {
	return {
		...{name, does, rule: 'R13 R24', must: 'nothing is mapped, the channel stays'},
		async body(bout) {
			const {a, b, t, lab, link} = bout;
			for (const lie of lies) {
				bout.say(await b.evil(lie));
				await lab.a.run('ping -q -c 5 -i 0.2 b', {silent: true});
				const {state, mappedFragPages} = await a.channel(b);
				t.deepEqual([state, mappedFragPages], ['live', 0]);
				await link.close();
				await link.connect();
			}
		},
	};
}

export const blocks: readonly Attack[] = [
	misled('block-granted', 'says that it has granted more pages than there can be', most + step),
	misled(
		'block-granted-huge',
		'says that it has granted all pages that there are numbers for',
		huge,
	),
	misled('block-granted-odd', 'says that it has granted part of a block', step + 1),
	{
		name: 'block-granted-back',
		does: 'grants pages and says that it has not',
		must: 'broken: bad-state, with the number',
		rule: 'R2',
		async body(bout) {
			await grant(bout, step);
			const {channel} = await breaks(bout, 'granted 0', 'bad-state');
			bout.t.is(channel.detail, 0);
		},
	},
	unmapped('block-table', 'a table of references by grants that are none', [
		'table 8000',
		`table ${huge}`,
		'table 0',
	]),
	{
		name: 'block-grants',
		does: 'grants more pages by references that are none, behind some that are',
		must: 'what is good is mapped, the rest is not, the channel stays',
		rule: 'R13 R24',
		async body(bout) {
			const {a, b, t, lab} = bout;
			const good = await grant(bout, step);
			bout.say(await b.evil('refs 8000'));
			await lab.a.run('ping -q -c 5 -i 0.2 b', {silent: true});
			const {state, mappedFragPages} = await a.channel(b);
			t.deepEqual([state, mappedFragPages], ['live', good]);
		},
	},
	{
		name: 'block-mapped',
		does: 'says that it has mapped pages which it has not, all there are and more',
		must: 'nothing: its own records only, and those not before it is sent any',
		rule: 'R1',
		async body({a, b, t, lab, say}) {
			for (const pages of [step, most, huge]) {
				say(await b.evil(`mapped ${pages}`));
				await lab.a.run('ping -q -c 3 -i 0.2 b', {silent: true});
				t.is((await a.channel(b)).state, 'live');
			}
		},
	},
	...[...Array(9).keys()].map((number): Attack => ({
		name: `block-parts-${number}`,
		does: `parts that are wrong in one way, number ${number} in frags.c`,
		must: 'broken: bad-record, no byte of what is not granted is read',
		rule: 'R1 R3 R9; XSA-155',
		async body(bout) {
			await grant(bout, step);
			await breaks(bout, `parts ${number}`, 'bad-record');
		},
	})),
	...[...Array(6).keys()].map((number): Attack => ({
		name: `block-oversize-${number}`,
		does: `a record longer than IP can say that is none, number ${number} in oversize.c`,
		must: 'broken: bad-record',
		rule: 'R1 R9',
		async body(bout) {
			await grant(bout, step);
			await breaks(bout, `oversize ${number}`, 'bad-record');
		},
	})),
	...[...Array(7).keys()].map((number): Attack => ({
		name: `block-oversize-${number + 6}`,
		does: `one whose headers say something else, number ${number + 6} in oversize.c`,
		must: 'dropped and counted (dropped-header), the channel stays',
		rule: 'R9',
		async body(bout) {
			const {t, a, b} = bout;
			await grant(bout, step);
			const dropped = async () => (await a.channel(b)).droppedHeader;
			const before = await dropped();
			bout.say(await b.evil(`oversize ${number + 6}`));
			await until('it is dropped', async () => (await dropped()) === before + 1);
			t.is((await a.channel(b)).state, 'live');
		},
	})),
	{
		name: 'block-oversizes',
		does: '2 000 records longer than IP can say, with anything in the headers of TCP',
		must: 'all are taken or dropped, the channel stays',
		rule: 'R9; XSA-423, -432',
		order: largest,
		async body(bout) {
			await grant(bout, step);
			await flood('oversizes 2000', 2000)(bout);
		},
	},
	{
		name: 'block-references',
		does: '5 000 good records whose parts lie anywhere, over each other, and change meanwhile',
		must: 'all are taken or dropped, the channel stays',
		rule: 'R3 R4; XSA-155',
		async body(bout) {
			await grant(bout, 4 * step);
			await flood('references 5000', 5000)(bout);
		},
	},
];

/** So many pages at least, as the victim has mapped them. */
async function grant({a, b, say}: Bout, pages: number): Promise<number> {
	const said = await b.evil(`grant ${pages}`);
	const granted = Number(/^(\d+) pages granted$/.exec(said)?.[1]);
	say(said);
	await until('the victim has mapped them', async () => {
		return (await a.channel(b)).mappedFragPages === granted;
	});

	return granted;
}
