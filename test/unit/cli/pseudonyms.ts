// SPDX-License-Identifier: MIT
import test from 'ava';
import fc from 'fast-check';
import {createPseudonyms} from '../../../userland/cli/pseudonyms.ts';

const {text, json} = createPseudonyms('key', [
	'db-1',
	'Debian 12 (web)',
	'数据库',
	'a.b',
	'secret/名',
]);

for (const [what, before, after] of [
	['a name', 'db-1: live', /^name-[0-9a-f]{8}: live$/],
	['a name in quotes', '"db-1"', /^"name-[0-9a-f]{8}"$/],
	[
		'a name in brackets and another script',
		'数据库 <-> Debian 12 (web)',
		/^name-\w{8} <-> name-\w{8}$/,
	],
	['a name as XenStore has it', '7 secret%2F%E5%90%8D 0:x', /^7 name-\w{8} 0:x$/],
	['a dot is a dot', 'axb', /^axb$/],
	['the start of a longer name', 'db-10 db-1x', /^db-10 db-1x$/],
	['dom0', 'Domain-0', /^Domain-0$/],
	[
		'an Ethernet address',
		'lladdr 00:16:3E:12:34:56 REACHABLE',
		/^lladdr 02(:[0-9a-f]{2}){5} REACHABLE$/,
	],
	[
		'links of one digit and of two',
		'0:00:16:3e:77:88:99:00:16:3e:aa:bb:cc:1500,10:00:16:3e:77:88:99:00:16:3e:aa:bb:cc',
		/^0(:02(:[0-9a-f]{2}){5}){2}:1500,10(:02(:[0-9a-f]{2}){5}){2}$/,
	],
	['the address of every vif', 'fe:ff:ff:ff:ff:ff', /^fe:ff:ff:ff:ff:ff$/],
	[
		'a group and a mask',
		'33:33:00:00:00:01 ff:ff:ff:00:00:00',
		/^33:33:00:00:00:01 ff:ff:ff:00:00:00$/,
	],
	['an IPv4 address', 'inet 192.0.2.7/24 brd', /^inet 10\.\d+\.\d+\.\d+\/24 brd$/],
	[
		'addresses that say nothing',
		'127.0.0.1 0.0.0.0/0 224.0.0.1 255.255.255.0',
		/^127\.0\.0\.1 0\.0\.0\.0\/0 224\.0\.0\.1 255\.255\.255\.0$/,
	],
	['an IPv6 address', 'inet6 2001:db8::7/64', /^inet6 fd00::[0-9a-f]{4}:[0-9a-f]{4}\/64$/],
	['a link-local one', 'fe80::216:3eff:fe12:3456', /^fd00::/],
	['the loopback and any', '::1 ::/0', /^::1 ::\/0$/],
	[
		'a UUID',
		'/vm/9f2c1b9e-2f0e-4a8e-9d5a-0d7c7a4f0001',
		/^\/vm\/00000000-0000-4000-8000-(?!0d7c)\w{12}$/,
	],
	[
		'a comment of a rule',
		'drop comment "for the bank" # handle 3',
		/^drop comment "\.\.\." # handle 3$/,
	],
	['a time', '09:00:01.5 2027-01-15T09:00:00Z', /^09:00:01\.5 2027-01-15T09:00:00Z$/],
	['a version', 'Linux 6.12.48, Xen 4.20.1', /^Linux 6\.12\.48, Xen 4\.20\.1$/],
] as ReadonlyArray<readonly [string, string, RegExp]>) {
	test(`${what}: ${before}`, t => {
		t.regex(text(before), after);
	});
}

test('the same word has the same pseudonym, and another key another', t => {
	t.is(text('db-1'), text('x db-1').slice(2));
	t.not(text('db-1'), createPseudonyms('other', ['db-1']).text('db-1'));
	t.is(text('00:16:3e:aa:bb:cc'), text('00:16:3E:AA:BB:CC'));
});

test('JSON keeps its keys and numbers', t => {
	const {json: hide} = createPseudonyms('key', ['a', 'state', '1']);
	const hidden = hide({a: {name: 'a', domid: 1}, state: ['live', null, true]});
	t.deepEqual(Object.keys(hidden as object), ['a', 'state']);
	t.like(hidden, {a: {domid: 1}, state: ['live', null, true]});
	t.notDeepEqual((hidden as {a: {name: string}}).a.name, 'a');
	t.is(json(7), 7);
});

test('without names nothing but addresses changes', t => {
	t.is(createPseudonyms('', []).text('a b c'), 'a b c');
});

test('no name survives that stands by itself, whatever it is', t => {
	t.notThrows(() =>
		fc.assert(
			fc.property(fc.string({unit: 'grapheme', minLength: 3}), name => {
				fc.pre(/[\p{L}]/u.test(name) && name.trim() === name && name !== 'name');
				const hidden = createPseudonyms('k', [name]).text(`[ ${name} ]`);

				return !hidden.includes(` ${name} `);
			}),
		),
	);
});
