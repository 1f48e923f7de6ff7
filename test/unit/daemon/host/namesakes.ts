// SPDX-License-Identifier: MIT
import test from 'ava';
import {ambiguousNames} from '../../../../userland/daemon/host/namesakes.ts';

const named = (domid: number, name: string) => ({domid, name, uuid: `uuid-${domid}`});
const refused = (...names: string[]) =>
	[...ambiguousNames(names.map((name, index) => named(index + 1, name)))].map(
		([domid, {code, reason}]) => `${domid} ${code} ${reason}`,
	);

test('a name that two domains bear says nothing about either, and both are named', t => {
	const reason =
		'db-1 is the name of domain 2 (uuid-2) and domain 4 (uuid-4), so no rule can mean one of them: rename one';
	t.deepEqual(refused('web-1', 'db-1', 'db-2', 'db-1'), [`2 name ${reason}`, `4 name ${reason}`]);
	t.deepEqual(refused('web-1', 'db-1', 'DB-1', 'db-1 '), []);
});

test('names are the same where their code points are', t => {
	t.deepEqual(refused('café', 'cafe\u0301', 'Сервер', 'Cервер'), []);
	t.is(refused('Сервер', 'Сервер').length, 2);
});

test('a domain without a UUID is named by its domid', t => {
	const both = [3, 4].map(domid => ({...named(domid, 'x'), uuid: undefined}));
	t.regex(ambiguousNames(both).get(3)?.reason ?? '', /^x is the name of domain 3 and domain 4,/);
});

test('a guest that takes the name of dom0 is refused, dom0 is not', t => {
	const domains = [named(0, 'Domain-0'), named(5, 'Domain-0')];
	t.deepEqual([...ambiguousNames(domains).keys()], [5]);
});

test('a name that cannot be said in a rule or an announcement is refused', t => {
	const [long, control, bytes] = refused('数'.repeat(450), 'a\u001b[2Jb', 'caf\uFFFD', 'web');
	t.is(long, '1 name the name of domain 1 has 1350 bytes, more than 256: rename it');
	t.is(control, '2 name the name of domain 2 has control characters or line ends: rename it');
	t.is(bytes, '3 name the name of domain 3 is not UTF-8: rename it');
});
