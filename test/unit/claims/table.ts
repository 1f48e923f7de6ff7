// SPDX-License-Identifier: MIT
import test from 'ava';
import {claims} from '../../claims/claims.ts';
import {latest, parseName, parseNotes} from '../../claims/notes.ts';
import {table} from '../../claims/table.ts';

const note = (figure: string, stack: string, date = '2026-11-21') =>
	JSON.stringify({name: 'soak', figure, stack, date});
const shown = (...lines: readonly string[]) => latest(parseNotes(lines.join('\n')));

test('the newest figure of each stack stands in the table, what is not shown is missing', t => {
	const lines = table(shown(note('old', '13'), note('twelve', '12'), note('new', '13')));

	t.is(lines.length, claims.length + 2);
	t.regex(lines.at(-1) ?? '', /\| twelve \(12\); new \(13\) \| 2026-11-21 \|$/);
	t.is(lines.filter(line => line.includes('**missing**')).length, claims.length - 1);
});

test('what was kept of an older date gives way, whichever is read first', t => {
	const [old, young] = [note('old', '13', '2026-11-20'), note('young', '13')];

	for (const notes of [shown(old, young), shown(young, old)]) {
		t.deepEqual(
			notes.map(({figure}) => figure),
			['young'],
		);
	}
});

test('no two claims have the same name, and no other name is taken', t => {
	t.is(new Set(claims.map(({name}) => name)).size, claims.length);
	t.throws(() => parseName('soka'), {message: /no claim "soka"; one of harness, /});
});
