// SPDX-License-Identifier: MIT
import test from 'ava';
import {parseWays, strayed} from '../../bench/measure.ts';

const packets = (sent: number, received: number) => ({sent, received});
const before = {channel: packets(100, 50), netfront: packets(1000, 500)};
const grown = (channel: [number, number], netfront: [number, number]) => ({
	channel: packets(100 + channel[0], 50 + channel[1]),
	netfront: packets(1000 + netfront[0], 500 + netfront[1]),
});

test('packets by one way and a few neighbour requests by the other', t => {
	t.is(strayed('netfront', before, grown([0, 0], [5000, 4000])), undefined);
	t.is(strayed('channel', before, grown([5000, 4000], [4, 2])), undefined);
	t.is(strayed('loopback', before, grown([0, 0], [3, 3])), undefined);
});

test('packets by another way than they should', t => {
	const complaint = (arm: 'netfront' | 'channel' | 'loopback', after: typeof before) =>
		strayed(arm, before, after) ?? '';
	t.regex(complaint('channel', grown([0, 0], [5000, 4000])), /^expected packets by channel/);
	t.regex(complaint('netfront', grown([60, 0], [1000, 1000])), /sent 60 by the channel/);
	t.regex(
		complaint('channel', grown([1000, 1000], [4, 600])),
		/received 1000 by the channel, 600/,
	);
	t.regex(complaint('channel', grown([1000, 0], [0, 0])), /received 0 by the channel, 0 by/);
	t.regex(complaint('loopback', grown([1000, 0], [0, 0])), /by loopback alone/);
});

test('counters of the channel, then of the interface', t => {
	t.deepEqual(parseWays('1\n2\n30\n40\n'), {
		...{channel: packets(1, 2), netfront: packets(30, 40)},
	});
});
