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

test('what is accepted is accepted in its own case, and nothing beside it', t => {
	const cut = {b: {...guest([0, 0]), counters: {UdpInDatagrams: 2, IpReasmOKs: 1}}};
	const verdict = (name: string, changes: Partial<Sighting> = {}) =>
		compare({
			channel: sighting({case: name, ...changes}, [2, 2]),
			netfront: sighting({case: name, ...cut}),
		});
	t.is(verdict('echo').verdict, 'differs');
	const whole = verdict('echo, captured by nobody');
	t.is(whole.verdict, 'same');
	t.regex(whole.notes[0] ?? '', /in one piece/);
	const lost = {b: {...guest([2, 2]), counters: {UdpInDatagrams: 1}}};
	t.is(verdict('echo, captured by nobody', lost).verdict, 'differs');

	const asked = 'all that IPv6 tells with a datagram, captured by nobody';
	const told = (...more: unknown[]) => [[[5000, [[41, 67, 'class'], ...more]]]];
	const ancillary = (value: unknown) =>
		compare({
			channel: sighting({case: asked, told: told()}, [2, 2]),
			netfront: sighting({case: asked, told: value}),
		}).verdict;
	t.is(ancillary(told([41, 77, 'size'])), 'same');
	t.is(ancillary(told([41, 78, 'size'])), 'differs');
	t.is(ancillary(told([41, 77, 'size'], [41, 78, 'more'])), 'differs');
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
