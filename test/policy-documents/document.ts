// SPDX-License-Identifier: MIT
import fc from 'fast-check';

/** Mostly what it should be. */
const mostly = <T, U>(good: fc.Arbitrary<T>, bad: fc.Arbitrary<U>) =>
	fc.oneof<[fc.WeightedArbitrary<T>, fc.WeightedArbitrary<U>]>(
		{weight: 40, arbitrary: good},
		{weight: 1, arbitrary: bad},
	);
const oneOf = (good: unknown[], bad: unknown[]) =>
	mostly(fc.constantFrom(...good), fc.constantFrom(...bad, ...odd));
const odd = [null, 7, true, [], {}, ['a'], {tag: 'a b'}, -1, 1.5, ''];
const maybe = (good: fc.Arbitrary<unknown>) => mostly(good, fc.constantFrom(...odd));
const uuid = oneOf(['9f2c1b9e-2f0e-4a8e-9d5a-0d7c7a4f0001'], ['9F2C', 'a']);
const text = oneOf(['a', 'web-*', 'dom0', 'any-guest', '😀', '7'], ['a\u0000', 'x'.repeat(257)]);
const tag = oneOf(['a', 'A.b-c_9', '7'], [' ', '.a', 'a*', 'é']);
const member = fc.oneof(text, fc.record({name: text}), fc.record({uuid}));
const who = mostly(
	fc.oneof(member, fc.record({tag})),
	fc.record({uuid, name: text, tag, domid: fc.constant(7)}, {requiredKeys: []}),
);
/* Beyond JSON Schema are ports of what has none, both versions of IP in one, and more than 16 together. */
const ports = maybe(
	fc.array(oneOf([1, 5432, 65_535, '80-90'], [0, 65_536, '5432', '80-', 'http']), {
		...{minLength: 1, maxLength: 2},
	}),
);
const addresses = maybe(
	fc.array(oneOf(['10.0.0.1', '10.0.0.0/24'], ['a', '']), {minLength: 1, maxLength: 2}),
);
const proto = mostly(
	fc.constantFrom('tcp', 'udp', 6, 132),
	fc.constantFrom('tpc', 0, 256, '6', null, [], {}),
);
const selector = mostly(
	fc.oneof(
		fc.record({proto, ports, addresses}, {requiredKeys: ['proto']}),
		fc.record(
			{
				proto,
				from: maybe(fc.record({addresses}, {requiredKeys: []})),
				to: maybe(fc.record({ports}, {requiredKeys: []})),
			},
			{requiredKeys: ['proto']},
		),
	),
	fc.record({port: fc.constant(1), proto}),
);
const selectors = maybe(fc.array(selector, {minLength: 1, maxLength: 2}));
const options = {
	...{only: selectors, except: selectors},
	ring_pages: oneOf([32, 64, 512], [48, '64']),
	queues: oneOf([1, 8], [3]),
	idle_timeout_s: oneOf([10, 86_400], [9, 86_401, 'never']),
	on_demand: oneOf(['yes', 'no', true, false], ['never', 'No']),
	mode: oneOf(['audit', 'enforce'], ['log']),
};
const busy = {busy_poll_us: oneOf([0, 1000], [1001]), frag_pages: oneOf([0, 4096], [4097, '9'])};
const ruleOf = (whom: fc.Arbitrary<unknown>, more = {}) =>
	mostly(
		fc.oneof(
			fc.record({deny: whom}),
			fc.record({allow: whom, ...options, ...more}, {requiredKeys: ['allow']}),
		),
		fc.record({allow: whom, deny: whom, ...options, ...busy}, {requiredKeys: []}),
	);
const rulesOf = (rule: fc.Arbitrary<unknown>) => maybe(fc.array(maybe(rule), {maxLength: 3}));
/* One without addresses, rate and guards is beyond JSON Schema, as is an address of 256. */
const limit = fc.oneof(
	...['addresses', 'rate', 'guards'].map(required =>
		fc.record(
			{
				domain: maybe(who),
				addresses: maybe(
					fc.array(oneOf(['10.0.0.1', '10.0.0.0/24', 'fd00::/64'], ['a', ''])),
				),
				rate: oneOf(['8 kbit/s', '100 Mbit/s', '1.5 Gbit/s'], ['100 Mbit', '1 mbit/s']),
				guards: maybe(fc.subarray(['dhcp', 'ra', 'arp'], {maxLength: 2})),
			},
			{requiredKeys: ['domain', required] as never[]},
		),
	),
);
const sections = {
	version: oneOf([1], [2, '1']),
	pairs: rulesOf(ruleOf(maybe(fc.tuple(who, who)))),
	accept: rulesOf(ruleOf(who, busy)),
	host_silence_s: oneOf([10, 86_400, 'never'], [9, 'Never']),
	memory_mib: oneOf([1, 65_536], [0, 65_537, '64']),
	tags: maybe(
		fc.dictionary(tag.map(String), maybe(fc.array(member, {maxLength: 2})), {maxKeys: 2}),
	),
	limits: maybe(fc.array(maybe(limit), {maxLength: 2})),
	include: maybe(fc.array(oneOf(['a.yaml', '/b'], []), {maxLength: 2})),
};
/** Mostly policies; an odd value here and there. */
export const document = mostly(
	fc.record(sections, {requiredKeys: ['version']}),
	fc.record({...sections, pears: fc.constant(1)}, {requiredKeys: []}),
);
