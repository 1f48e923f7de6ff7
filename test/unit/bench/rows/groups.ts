// SPDX-License-Identifier: MIT
import test from 'ava';
import {groups, pick} from '../../../bench/rows/groups.ts';

const names = (chosen: ReturnType<typeof pick>) =>
	chosen.flatMap(({works}) => works.flatMap(({headings}) => headings.map(({name}) => name)));

test('every row has a name of its own, and so has every group', t => {
	const all = [...names(groups), ...groups.map(({name}) => name)];
	t.is(new Set(all).size, all.length);
});

test('rows and groups by name', t => {
	t.is(pick(groups, ' '), groups);
	t.deepEqual(names(pick(groups, 'tcp_64, udp_1400')), ['tcp_64', 'udp_1400']);
	t.deepEqual(names(pick(groups, 'flows tcp_64')), [
		...['tcp_64', 'flows_2', 'flows_8', 'flows_16', 'flows_64'],
	]);
	t.throws(() => pick(groups, 'tcp_64 tpc_128'), {message: /^no row or group tpc_128: expected/});
});

test('what is taken in one go comes with its neighbours', t => {
	t.deepEqual(names(pick(groups, 'events_rr')), [
		...['cpu_dom0_rr', 'cpu_guests_rr', 'events_rr'],
	]);
});
