// SPDX-License-Identifier: MIT
import test from 'ava';
import fc from 'fast-check';
import {parseAnnouncement, renderAnnouncement} from '../../../userland/xenstore/announcement.ts';
import {parseMac} from '../../../userland/xenstore/fields.ts';
import {
	parseHello,
	parseOffer,
	parseStats,
	renderHello,
	renderOffer,
	renderStats,
	speaks,
} from '../../../userland/xenstore/values.ts';
import {nameProblem} from '../../../userland/names.ts';

const macs = ['02:00:00:00:00:01', '02:00:00:00:00:02'] as const;
const u32 = fc.integer({min: 0, max: 0xffff_ffff});
const positive = fc.integer({min: 1, max: 0xffff_ffff});
const u64 = fc.bigInt({min: 0n, max: 0xffff_ffff_ffff_ffffn});
const mac = fc
	.array(fc.integer({min: 1, max: 255}), {minLength: 5, maxLength: 5})
	.map(bytes => ['02', ...bytes.map(byte => byte.toString(16).padStart(2, '0'))].join(':'));

test('an offer survives the way through XenStore', t => {
	const state = fc.constantFrom('offered' as const, 'live' as const, 'closed' as const);
	const offer = fc.record({
		epoch: positive,
		state,
		version: positive,
		controlRef: u32,
		eventPort: u32,
	});
	fc.assert(
		fc.property(offer, value => t.deepEqual(parseOffer(renderOffer(value)), value) ?? true),
	);
});

for (const text of [
	'',
	'7 offered 1 2',
	'7 offered 1 2 3 4',
	' 7 offered 1 2 3',
	'7 offered 1 2 3\n',
	'07 offered 1 2 3',
	'0 offered 1 2 3',
	'7 offered 0 2 3',
	'7 OFFERED 1 2 3',
	'7 mapped 1 2 3',
	'-7 offered 1 2 3',
	'7 offered 1 0x2 3',
	'7 offered 1 2 4294967296',
	'7 offered 1 2 1e3',
	`7 offered 1 2 ${'9'.repeat(4000)}`,
	'7\u00a0offered 1 2 3',
]) {
	test(`not an offer: ${JSON.stringify(text.slice(0, 40))}`, t => {
		t.is(parseOffer(text), undefined);
	});
}

test('the longest name that may have a channel fits into XenStore beside 16 links', t => {
	/* oxenstored: 2048 bytes a value, also for dom0 (quota-maxsize). */
	const link = {vif: 'longest-bridge0', localMac: macs[0], remoteMac: macs[1], mtu: 65_535};
	const names = ['数'.repeat(85), '('.repeat(256), '😀'.repeat(64), 'я'.repeat(128)];
	for (const name of names) {
		t.is(nameProblem(name), undefined);
		const text = renderAnnouncement({
			...{epoch: 0xffff_ffff, name, links: Array.from({length: 16}, () => link)},
			...{digest: 'deadbeef', ringPages: 512, ringPagesMin: 512, queues: 8},
			...{
				uuid: '9f2c1b9e-2f0e-4a8e-9d5a-0d7c7a4f0001',
				isNameShared: true,
				tags: ['db', 'web'],
			},
			...{idleTimeoutS: 86_400, isEager: true, isAudit: true},
		});
		t.true(Buffer.byteLength(text) <= 2048, `${name}: ${Buffer.byteLength(text)}`);
	}
});

test('a word that is not known is left out, unless it may not be', t => {
	const plain = `7 b 0:${macs[0]}:${macs[1]} ab 256 1`;
	const parsed = parseAnnouncement(plain);
	t.not(parsed, undefined);
	for (const word of ['colour=red', 'demand=some', 'a-b=1']) {
		t.deepEqual(parseAnnouncement(`${plain} ${word}`), parsed);
	}
	t.deepEqual(parseAnnouncement(`${plain} 32 !mode=audit x=1 idle=60`), {
		...{...parsed, ringPagesMin: 32, isAudit: true, idleTimeoutS: 60},
	} as typeof parsed);
	for (const word of [
		...['!colour=red', '!mode=log', '!mode=', '=1', 'a=', 'a=b=c', 'idle=0', 'idle=1e3'],
		...['idle=999999', 'uuid=1', 'uuid=9F2C1B9E-2F0E-4A8E-9D5A-0D7C7A4F0001', '!name=own'],
	]) {
		t.is(parseAnnouncement(`${plain} ${word}`), undefined, word);
	}
});

test('an announcement survives the way through XenStore, whatever the name', t => {
	const announcement = fc.record({
		epoch: positive,
		name: fc.string({minLength: 1, unit: 'grapheme'}).filter(name => !/\p{Cc}/u.test(name)),
		links: fc.array(
			fc.record(
				{
					vif: fc.constantFrom('0', '15', 'xenbr0', 'br,weird'),
					localMac: mac,
					remoteMac: mac,
					mtu: fc.constantFrom(68, 1500, 65_535),
				},
				{requiredKeys: ['vif', 'localMac', 'remoteMac']},
			),
			{minLength: 1, maxLength: 16},
		),
		digest: fc.constantFrom('0', 'deadbeef'),
		ringPages: fc.constantFrom(undefined, 32, 512),
		ringPagesMin: fc.constantFrom(undefined, 32, 512),
		queues: fc.constantFrom(1, 4, 8),
	});
	const words = fc.record(
		{
			uuid: fc.uuid(),
			isNameShared: fc.constant(true as const),
			idleTimeoutS: fc.integer({min: 10, max: 86_400}),
			isEager: fc.constant(true as const),
			isAudit: fc.constant(true as const),
		},
		{requiredKeys: []},
	);
	fc.assert(
		fc.property(announcement, words, (told, besides) => {
			const value = {...told, ...besides};
			const text = renderAnnouncement(value);
			t.regex(text, /^[\x20-\x7e]+$/);
			t.deepEqual(parseAnnouncement(text), value);
		}),
	);
});

for (const text of [
	'',
	'7 b 0:02:00:00:00:00:01:02:00:00:00:00:02',
	'7 b 0:02:00:00:00:00:01 ab',
	'7 b 0:02:00:00:00:00:01:03:00:00:00:00:02 ab',
	'7 b 0:02:00:00:00:00:01:00:00:00:00:00:00 ab',
	'7 b%00c 0:02:00:00:00:00:01:02:00:00:00:00:02 ab',
	'7 %1B 0:02:00:00:00:00:01:02:00:00:00:00:02 ab',
	'7 %zz 0:02:00:00:00:00:01:02:00:00:00:00:02 ab',
	'0 b 0:02:00:00:00:00:01:02:00:00:00:00:02 ab',
	'7 b 0:02:00:00:00:00:01:02:00:00:00:00:02 xyz',
	'7 b 0:02:00:00:00:00:01:02:00:00:00:00:02, ab',
	'7 b 0:02:00:00:00:00:01:02:00:00:00:00:02: ab',
	'7 b 0:02:00:00:00:00:01:02:00:00:00:00:02:0 ab',
	'7 b 0:02:00:00:00:00:01:02:00:00:00:00:02:01500 ab',
	'7 b 0:02:00:00:00:00:01:02:00:00:00:00:02:65536 ab',
	'7 b 0:02:00:00:00:00:01:02:00:00:00:00:02 ab 48',
	'7 b 0:02:00:00:00:00:01:02:00:00:00:00:02 ab 64 x',
	'7 b 0:02:00:00:00:00:01:02:00:00:00:00:02 ab ',
	'7 b 0:02:00:00:00:00:01:02:00:00:00:00:02 ab more',
	'7 b 0:02:00:00:00:00:01:02:00:00:00:00:02 ab 64 1 33',
	'7 b 0:02:00:00:00:00:01:02:00:00:00:00:02 ab 64 1 -',
	'7 b 0:02:00:00:00:00:01:02:00:00:00:00:02 ab 64 1 ',
	'7 b 0:02:00:00:00:00:01:02:00:00:00:00:02 ab 64 1 32 more',
]) {
	test(`not an announcement: ${JSON.stringify(text)}`, t => {
		t.is(parseAnnouncement(text), undefined);
	});
}

test('hello and stats survive the way through XenStore', t => {
	fc.assert(
		fc.property(positive, u32, (min, features) => {
			const hello = {min, max: min, features};
			t.deepEqual(parseHello(renderHello(hello)), hello);
		}),
	);
	fc.assert(
		fc.property(u32, u64, u64, (since, packets, bytes) => {
			const stats = {
				since,
				txPackets: packets,
				txBytes: bytes,
				rxPackets: bytes,
				rxBytes: packets,
			};
			t.deepEqual(parseStats(renderStats(stats)), stats);
		}),
	);
});

test('no text makes a parser throw', t => {
	fc.assert(
		fc.property(fc.string({unit: 'binary'}), text => {
			for (const parse of [parseHello, parseOffer, parseAnnouncement, parseStats, parseMac]) {
				t.notThrows(() => parse(text));
			}
		}),
	);
});

/** Text that was right before one character of it was put in, replaced or taken out. */
function nearly(right: fc.Arbitrary<string>): fc.Arbitrary<string> {
	const any = fc.oneof(fc.constantFrom(...'0123456789 -+.x%\n\t\0'), fc.string({maxLength: 1}));

	return fc.tuple(right, fc.nat(), any, fc.constantFrom(0, 1)).map(([text, where, put, cut]) => {
		const at = where % (text.length + 1);

		return text.slice(0, at) + put + text.slice(at + cut);
	});
}

test('what is nearly an offer or a hello is none, or says what it is', t => {
	const state = fc.constantFrom('offered' as const, 'live' as const, 'closed' as const);
	const offer = fc
		.record({epoch: positive, state, version: positive, controlRef: u32, eventPort: u32})
		.map(renderOffer);
	const hello = fc.record({min: positive, max: positive, features: u32}).map(renderHello);
	let taken = 0;
	let refused = 0;
	const check = <T>(text: string, value: T | undefined, render: (value: T) => string) => {
		if (value === undefined) {
			refused += 1;
		} else {
			taken += 1;
			t.is(render(value), text);
		}
	};
	fc.assert(
		fc.property(nearly(offer), nearly(hello), (offerText, helloText) => {
			check(offerText, parseOffer(offerText), renderOffer);
			check(helloText, parseHello(helloText), renderHello);
		}),
		{numRuns: 10_000},
	);
	t.true(taken > 1000 && refused > 1000, `${taken} taken, ${refused} refused`);
});

test('a range of versions is spoken where it meets ours', t => {
	t.true(speaks({min: 1, max: 1, features: 0}));
	t.true(speaks({min: 1, max: 9, features: 0}));
	t.false(speaks({min: 2, max: 9, features: 0}));
	t.is(parseHello('2 1 0'), undefined);
});

test('addresses of groups and of nobody are no addresses of a vif', t => {
	t.is(parseMac('00:16:3E:00:00:0a'), '00:16:3e:00:00:0a');
	t.is(parseMac('01:00:5e:00:00:01'), undefined);
	t.is(parseMac('00:00:00:00:00:00'), undefined);
	t.is(parseMac('00:16:3e:00:00'), undefined);
});
