// SPDX-License-Identifier: MIT
import {readFile} from 'node:fs/promises';
import test from 'ava';
import {readmeTable, withTable} from '../../bench/readme.ts';
import type {Result} from '../../bench/results.ts';

const stream: Result = {
	...{name: 'tcp_64K', unit: 'Mbit/s', better: 'more', ratio: 3.1},
	...{netfront: 999.5, channel: 12_345, loopback: 4000},
};
const udp: Result = {
	...{name: 'udp_1400', unit: 'Mbit/s', better: 'more', netfront: 100, channel: 230},
	loss: {netfront: 28.51, channel: 0},
};

test('a row for each that people ask for, as prettier writes it', t => {
	t.deepEqual(readmeTable([udp, {...stream, name: 'tcp_16K'}, stream]), [
		'| row      | unit   |          netfront | channel | loopback | ratio |',
		'| -------- | ------ | ----------------: | ------: | -------: | ----: |',
		'| tcp_64K  | Mbit/s |             999.5 |  12\u00A0345 |    4\u00A0000 |  3.10 |',
		'| udp_1400 | Mbit/s | 100 (28.5 % lost) |     230 |        - |     - |',
	]);
});

test('the table goes between the marks, and nowhere else', async t => {
	const readme = await readFile('README.md', 'utf8');
	const once = withTable(readme, ['| x |']);
	t.regex(once, /-->\n\n\| x \|\n\n<!-- \/bench -->/);
	t.is(withTable(once, ['| x |']), once);
	t.throws(() => withTable('no marks', []), {message: /^README\.md: expected <!-- bench/});
});

test('a figure whose rounds lie far apart says so', t => {
	const wide = {...udp, spread: {netfront: 12.34, channel: 5}};
	t.regex(readmeTable([wide])[2] ?? '', / 100 \(28\.5 % lost, 12 % spread\) \| +230 \|/);
});
