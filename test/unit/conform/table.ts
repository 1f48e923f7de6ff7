// SPDX-License-Identifier: MIT
import test from 'ava';
import {summary, table, withTable} from '../../conform/table.ts';

const comparisons = [
	{name: 'echo', subject: 'udp', verdict: 'same', notes: [], diverted: 4},
	{name: 'groups', subject: 'udp', verdict: 'same', notes: ['multicast'], diverted: 0},
	{name: 'options', subject: 'ip', verdict: 'differs', notes: ['a: x | y\nmore'], diverted: 2},
	{name: 'SCTP', subject: 'sctp', verdict: 'not here', notes: ['no module sctp'], diverted: 0},
] as const;

test('a row for each case; what is accepted is explained once', t => {
	t.deepEqual(
		table(comparisons)
			.slice(2)
			.map(line => line.replaceAll(/ +/g, ' ')),
		[
			'| udp | echo | 4 | same |',
			'| udp | groups | 0 | same [1] |',
			'| ip | options | 2 | differs a: x \\| y |',
			'| sctp | SCTP | 0 | not here no module sctp |',
			'',
			'[1] multicast. ',
		],
	);
	t.is(summary(comparisons), '2 same, 1 differs, 0 failed, 1 not here');
});

test('it takes the place of an older one', t => {
	const [begin, end] = ['<!-- conform: written by `make conform` -->', '<!-- /conform -->'];
	t.is(withTable(`x\n${begin}\nold\n${end}\ny`, ['new']), `x\n${begin}\n\nnew\n\n${end}\ny`);
	t.throws(() => withTable('x', ['new']), {message: /expected/});
});
