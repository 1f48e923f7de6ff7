// SPDX-License-Identifier: MIT
import test from 'ava';
import {claims} from '../../claims/claims.ts';
import {parseNotes, table} from '../../claims/table.ts';

const note = (figure: string, stack: string) =>
	JSON.stringify({name: 'soak', figure, stack, date: '2026-11-21'});

test('the newest figure of each stack stands in the table, what is not shown is missing', t => {
	const notes = parseNotes(
		[note('old', '13'), note('twelve', '12'), note('new', '13')].join('\n'),
	);
	const lines = table(notes);

	t.is(lines.length, claims.length + 2);
	t.regex(lines.at(-1) ?? '', /\| new \(13\); twelve \(12\) \| 2026-11-21 \|$/);
	t.is(lines.filter(line => line.includes('**missing**')).length, claims.length - 1);
});

test('no two claims have the same name', t => {
	t.is(new Set(claims.map(({name}) => name)).size, claims.length);
});
