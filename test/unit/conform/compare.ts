// SPDX-License-Identifier: MIT
import test from 'ava';
import {compare} from '../../conform/compare.ts';
import {parseSighting, type Sighting} from '../../conform/sighting.ts';

const guest = (diverted: [number, number]) => ({
	packets: ['out 1', 'out 2'],
	forms: [],
	counters: {UdpInDatagrams: 2},
	blurred: [] as string[],
	diverted,
});

function sighting(changes: Partial<Sighting> = {}, diverted: [number, number] = [0, 0]) {
	const usual = {case: 'echo', subject: 'udp', ordinary: false, seconds: 1, outcome: 'ran'};

	return parseSighting(
		JSON.stringify({
			...{...usual, told: ['hello'], untidy: []},
			...{a: guest(diverted), b: guest(diverted)},
			...changes,
		}),
	);
}

const netfront = sighting();
const channel = sighting({}, [2, 2]);

test('what is the same by both ways', t => {
	t.like(compare({channel, netfront}), {verdict: 'same', notes: [], diverted: 4});
});

test('counters of the channel prove the way', t => {
	t.like(compare({channel: netfront, netfront}), {
		verdict: 'differs',
		notes: ['nothing took the channel'],
	});
	t.like(compare({channel, netfront: channel}), {
		verdict: 'differs',
		notes: ['something took a channel that was down'],
	});
	const ordinary = sighting({ordinary: 'multicast'});
	t.like(compare({channel: ordinary, netfront}), {verdict: 'same', notes: ['multicast']});
});

test('any difference is told', t => {
	for (const [changes, note] of [
		[{told: ['hallo']}, 'told: by channel ["hallo"], by netfront ["hello"]'],
		[
			{b: {...guest([2, 2]), packets: ['out 1', 'out 1', 'out 2']}},
			'b packets: by channel alone: out 1',
		],
		[{b: {...guest([2, 2]), packets: ['out 1']}}, 'b packets: by netfront alone: out 2'],
		[{b: {...guest([2, 2]), packets: ['out 2', 'out 1']}}, 'b packets: in another order'],
		[{a: {...guest([2, 2]), forms: ['whole']}}, 'a forms: by channel alone: whole'],
		[
			{a: {...guest([2, 2]), counters: {UdpInErrors: 1}}},
			'a counters: UdpInDatagrams: by channel 0, by netfront 2',
		],
	] as const) {
		const seen = {channel: sighting(changes as Partial<Sighting>, [2, 2]), netfront};
		t.is(compare(seen).verdict, 'differs');
		t.is(compare(seen).notes[0], note);
	}
});

test('counters that other packets moved are not compared', t => {
	const blurred = {...guest([2, 2]), counters: {UdpInDatagrams: 3}, blurred: ['UdpIn']};
	const seen = {channel: sighting({b: blurred}, [2, 2]), netfront};
	t.is(compare(seen).verdict, 'same');
});

test('a case that fails by both ways has not passed, nor has one that leaves something behind', t => {
	const failed = sighting({outcome: 'failed', why: 'timed out'}, [2, 2]);
	t.like(compare({channel: failed, netfront: failed}), {
		verdict: 'failed',
		notes: ['by channel: timed out', 'by netfront: timed out'],
	});
	const untidy = sighting({untidy: ['a: ip link del tun']}, [2, 2]);
	t.like(compare({channel: untidy, netfront}), {
		verdict: 'failed',
		notes: ['by channel: left behind: a: ip link del tun'],
	});
});

test('what is missing is said', t => {
	const missing = sighting({outcome: 'not here', why: 'no module sctp'});
	t.like(compare({channel: missing, netfront: missing}), {
		verdict: 'not here',
		notes: ['no module sctp'],
	});
});
