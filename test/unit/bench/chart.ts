// SPDX-License-Identifier: MIT
import test from 'ava';
import {chart} from '../../bench/chart.ts';
import {markdown} from '../../bench/markdown.ts';
import type {Result} from '../../bench/results.ts';

const fast: Result = {
	...{name: 'tcp<1K>', unit: 'Mbit/s', better: 'more', group: 'stream'},
	...{netfront: 100, channel: 200, loopback: 400, ratio: 2},
};
const slow: Result = {
	...{name: 'ping', unit: 'ms', better: 'less', group: 'stream'},
	...{netfront: 1, channel: 2, loopback: 0.5, ratio: 0.5},
};

test('a bar as long as its ratio, and a tick for loopback', t => {
	const drawing = chart('Streams & more', [fast, slow]) ?? '';
	// 460 of the picture's width are 4 times netfront, which is loopback here.
	t.true(drawing.includes('<rect x="190" y="60" width="230" height="16" fill="#2f7ebc"/>'));
	t.true(drawing.includes('<rect x="190" y="84" width="57.5" height="16" fill="#c0504d"/>'));
	t.true(drawing.includes('<path d="M650 58V78"'));
	t.true(drawing.includes('>2.00 of 4.00<'));
	t.true(drawing.includes('>0.50 of 2.00<'), 'half the time is twice as good');
	t.true(drawing.includes('tcp&lt;1K>') && drawing.includes('Streams &amp; more'));
});

test('no tick where loopback has nothing to count', t => {
	const drawing = chart('Events', [{...slow, loopback: 0}]) ?? '';
	t.true(drawing.includes('>0.50<'));
	t.false(/Infinity|NaN/.test(drawing));
});

test('a bar far longer than the others is cut', t => {
	const {loopback, ...far} = {...fast, ratio: 90};
	t.is(loopback, 400);
	const drawing = chart('Costs', [far, fast]) ?? '';
	t.true(drawing.includes('width="460"') && drawing.includes('>90.00<'));
	t.true(drawing.includes('width="76.7"'), 'a sixth of 12');
});

test('no chart without a ratio', t => {
	const {ratio, ...cut} = fast;
	t.is(ratio, 2);
	t.is(chart('Streams', [cut]), undefined);
});

test('a table for each group that has rows', t => {
	const groups = [
		{name: 'udp', title: 'Datagrams'},
		{name: 'stream', title: 'Streams'},
	];
	const versions = {stack: '13', kernel: '6.12', xen: '4.20'};
	const lines = markdown(groups, [fast], versions).split('\n');
	t.deepEqual(
		lines.filter(line => line.startsWith('## ')),
		['## Streams'],
	);
	// As prettier would have it.
	t.deepEqual(lines.slice(-4, -1), [
		'|         | netfront | channel | loopback | unit   | channel/netfront | spread | lost |',
		'| ------- | -------: | ------: | -------: | ------ | ---------------: | ------ | ---- |',
		'| tcp<1K> |      100 |     200 |      400 | Mbit/s |           2.00 x |        |      |',
	]);
	t.true(lines.some(line => line.includes('Linux 6.12, Xen 4.20')));
});

test('rounds that lie far apart are told after the tables', t => {
	const wide = {...fast, spread: {channel: 7.25}, scatters: 'the moon'};
	t.deepEqual(
		markdown([{name: 'stream', title: 'Streams'}], [wide], undefined)
			.split('\n')
			.slice(-4),
		['## Rounds that lie far apart', '', '- tcp<1K>: channel 7.3 % !: the moon', ''],
	);
});
