// SPDX-License-Identifier: MIT
import test from 'ava';
import {judge} from '../../../../userland/daemon/host/judge.ts';
import {ambiguousNames} from '../../../../userland/daemon/host/namesakes.ts';
import {domain, criteria, topology} from '../_domains.ts';

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

test('nothing is allowed by a name that two domains bear', t => {
	const domains = [domain(1), domain(2, {name: 'db-1'}), domain(3, {name: 'db-1'})];
	const codes = judge(domains, criteria()).map(({a, b, refusal}) => [
		`${a.domid} ${b.domid}`,
		refusal?.code,
	]);
	t.deepEqual(codes, [
		['1 2', 'name'],
		['1 3', 'name'],
		['2 3', 'name'],
	]);
	const denied = judge(domains, criteria({decide: () => ({action: 'deny', rule: undefined})}));
	t.is(denied[0]?.refusal?.code, 'policy', 'policy is asked first');
});

test('a guest with an odd name or a namesake is nobody else’s affair', t => {
	const odd = [4, 5].map(domid => domain(domid, {name: 'x'}));
	const domains = [domain(0), domain(1), domain(2), domain(3, {name: '数'.repeat(450)}), ...odd];
	const verdicts = judge(domains, criteria({topology: topology([1, 2, 3, 4, 5])}));
	const fine = verdicts.filter(({refusal}) => refusal === undefined);
	t.deepEqual(
		fine.map(({a, b}) => `${a.domid} ${b.domid}`),
		['0 1', '0 2', '1 2'],
	);
});
