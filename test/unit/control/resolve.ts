// SPDX-License-Identifier: MIT
import test from 'ava';
import {resolveName} from '../../../userland/control/resolve.ts';
import {ColoopError} from '../../../userland/errors.ts';

const dom0 = {name: 'Domain-0', domid: 0};
const web = {name: 'web', domid: 4};
const db = {name: 'db', domid: 3};
const three = {name: '3', domid: 5};

for (const [given, domains, found] of [
	['web', [dom0, web, db], 4],
	['3', [dom0, web, db], 3],
	['5', [db, three], 5],
	['3', [web, three], 5],
	['dom0', [dom0, web], 0],
	['Domain-0', [dom0, web], 0],
	['dom0', [web, {name: 'dom0', domid: 9}], 9],
	['0', [dom0, web], 0],
	['03', [db], undefined],
	['Web', [web], undefined],
	['', [web], undefined],
	['7', [{name: '7', domid: 7}], 7],
	['web', [web, web], 4],
] as const) {
	test(`${given} of ${domains.map(({name, domid}) => `${name}:${domid}`).join()} is ${found}`, t => {
		t.is(resolveName(given, domains)?.domid, found);
	});
}

for (const [given, domains, hint] of [
	['3', [db, three], 'say db or 5'],
	['web', [web, {name: 'web', domid: 7}], 'say 4 or 7'],
	['dom0', [dom0, {name: 'dom0', domid: 7}], 'say 0 or 7'],
	['dom0', [dom0, {name: 'Domain-0', domid: 7}], 'say 0 or 7'],
	['Domain-0', [dom0, {name: 'Domain-0', domid: 7}], 'say 0 or 7'],
	[
		'3',
		[
			{name: '5', domid: 3},
			{name: '3', domid: 5},
		],
		'rename one of them: xl rename',
	],
] as const) {
	test(`${given} of ${domains.map(({name, domid}) => `${name}:${domid}`).join()} is ambiguous`, t => {
		const error = t.throws(() => resolveName<{name: string; domid: number}>(given, domains), {
			instanceOf: ColoopError,
			code: 'USAGE',
			message: new RegExp(`^${given} is ambiguous: domain \\d, called `),
		});
		t.is(error.hint, hint);
	});
}
