// SPDX-License-Identifier: MIT
import test from 'ava';
import {layOut} from '../../../userland/ui/layout.ts';

function guests(count: number, bridgesOf: (domid: number) => string[]) {
	return Array.from({length: count}, (_, domid) => ({
		...{domid, name: `g${domid}`, bridges: bridgesOf(domid)},
	}));
}

const key = ({x, y}: {x: number; y: number}) => `${x} ${y}`;

test('everyone has a place, and nobody another’s', t => {
	for (const count of [1, 2, 3, 7, 40, 300, 1000]) {
		const {domains, bridges} = layOut(guests(count, () => ['xenbr0']));
		t.is(new Set(domains.map(key)).size, count);
		t.deepEqual(bridges, [{name: 'xenbr0', x: 500, y: 500}]);
		for (const {x, y} of domains) {
			t.true(Math.abs(Math.hypot(x - 500, y - 500) - 330) < 1);
		}
	}
});

test('those of one bridge stand beside each other', t => {
	const {domains, bridges} = layOut(guests(9, domid => [domid % 2 ? 'xenbr10' : 'xenbr2']));
	t.deepEqual(
		domains.map(({domid}) => domid),
		[0, 2, 4, 6, 8, 1, 3, 5, 7],
	);
	t.deepEqual(
		bridges.map(({name}) => name),
		['xenbr2', 'xenbr10'],
	);
	t.deepEqual(domains[5]?.bridges, [1]);
	t.is(new Set(domains.map(key)).size, 9);
	t.is(new Set(bridges.map(key)).size, 2);
});

test('on several bridges, and on none', t => {
	const all = layOut([
		{domid: 0, name: 'dom0', bridges: ['b', 'a']},
		{domid: 5, name: 'alone', bridges: []},
		{domid: 3, name: 'x', bridges: ['b']},
	]);
	t.deepEqual(
		all.domains.map(({name, bridges}) => [name, bridges]),
		[
			['dom0', [1, 0]],
			['x', [1]],
			['alone', []],
		],
	);
	t.deepEqual(layOut([]), {domains: [], bridges: []});
});

test('places do not depend on the order in which domains are told', t => {
	const domains = guests(30, domid => [`xenbr${domid % 3}`]);
	t.deepEqual(layOut([...domains].reverse()), layOut(domains));
});

test('many bridges do not stand on each other', t => {
	const {bridges} = layOut(guests(120, domid => [`xapi${domid % 40}`]));
	t.is(bridges.length, 40);
	for (const [index, one] of bridges.entries()) {
		for (const other of bridges.slice(index + 1)) {
			t.true(Math.hypot(one.x - other.x, one.y - other.y) > 20);
		}
	}
});
