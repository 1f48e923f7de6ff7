// SPDX-License-Identifier: MIT
import test from 'ava';
import fc from 'fast-check';
import {cutName, displayWidth, nameProblem, printable} from '../../userland/names.ts';

const family = '👨‍👩‍👧';

test('names as xl and XAPI allow them are names', t => {
	const names = [
		'web-1',
		'Debian 12 (web)',
		'win/2019',
		'Сервер',
		'café',
		family,
		' a ',
		'数据库',
	];
	t.deepEqual(
		names.filter(name => nameProblem(name) !== undefined),
		[],
	);
});

test('what no rule and no announcement can say is none', t => {
	t.is(nameProblem(''), 'is empty');
	for (const control of ['\0', '\n', '\t', '\u001b', '\u007f', '\u009b', '\u2028', '\u2029']) {
		t.is(nameProblem(`a${control}b`), 'has control characters or line ends');
	}
	t.is(nameProblem('a\ud83d'), 'is not UTF-8');
	t.is(nameProblem('caf\ufffd'), 'is not UTF-8');
	t.is(nameProblem('é'.repeat(128)), undefined);
	t.is(nameProblem(`${'é'.repeat(128)}a`), 'has 257 bytes, more than 256');
});

test('a name is cut between characters as people see them', t => {
	t.is(cutName(`${'x'.repeat(61)}😀`, 64), `${'x'.repeat(61)}…`);
	t.is(cutName('x'.repeat(64), 64), 'x'.repeat(64));
	t.is(cutName('x'.repeat(65), 64), `${'x'.repeat(61)}…`);
	t.is(cutName(`ab${family}c`, 20), `ab…`, 'a family of 18 bytes');
	t.is(cutName(`abe\u0301e\u0301`, 7), `ab…`, 'not between a letter and its accent');
	t.is(cutName(`e${'\u0301'.repeat(40)}`, 8), 'e\u0301\u0301…', 'longer than all the room');
	t.is(cutName('😀😀', 4), '…');
});

const anyName = fc.oneof(
	fc.string({unit: 'grapheme', maxLength: 120}),
	fc.string({unit: 'binary', maxLength: 120}),
	fc.string({unit: fc.constantFrom('a', 'é', '数', '😀', '\u0301', '\u200d', '👩', '🇩')}),
);

test('what is cut fits, is a start of the name, has whole code points, and stays so', t => {
	t.notThrows(() =>
		fc.assert(
			fc.property(anyName, fc.integer({min: 3, max: 80}), (name, most) => {
				const cut = cutName(name, most);
				const kept = cut === name ? cut : cut.slice(0, -1);
				const points = [...name];

				return (
					Buffer.byteLength(cut) <= most &&
					cutName(cut, most) === cut &&
					(cut === name || cut.endsWith('…')) &&
					[...kept].every((point, index) => point === points[index]) &&
					Buffer.from(cut).toString() === cut
				);
			}),
			{numRuns: 5000},
		),
	);
});

test('no more is cut than has to be', t => {
	t.notThrows(() =>
		fc.assert(
			fc.property(fc.string({unit: fc.constantFrom('a', 'é', '数', '😀')}), name => {
				const cut = cutName(name, 16);

				return cut === name || Buffer.byteLength(cut) > 16 - 4;
			}),
			{numRuns: 2000},
		),
	);
});

test('nothing that a terminal would act on is printed', t => {
	t.is(printable('a\u001b[2J\u202eb\n'), 'a\\u{1b}[2J\\u{202e}b\\u{a}');
	t.is(
		printable('\u009b1m\u2066\u200b\ufeff\u00ad\u{e0041}'),
		spelled('9b', '1m', '2066', '200b', 'feff', 'ad', 'e0041'),
	);
	t.is(printable('\ud83d'), '\\u{d83d}');
	t.is(printable('a\u3164'), '\\u{3164}'.padStart(9, 'a'), 'a filler of Hangul is invisible');
	t.is(printable('ab\u200dcd'), 'ab\\u{200d}cd');
	for (const fine of [
		'größe',
		family,
		'数据库',
		'Сервер',
		'a b',
		'🇩🇪',
		'e\u0301',
		'می‌خواهم',
		'क्‍ष',
	]) {
		t.is(printable(fine), fine);
	}
});

/** Two or more hexadecimal digits are a code point, `1m` is text. */
function spelled(...parts: string[]): string {
	return parts.map(part => (part === '1m' ? part : `\\u{${part}}`)).join('');
}

test('what is printable has nothing left to spell out', t => {
	const controls = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;
	t.notThrows(() =>
		fc.assert(
			fc.property(fc.string({unit: 'binary'}), text => {
				const printed = printable(text);

				return !controls.test(printed) && printable(printed) === printed;
			}),
			{numRuns: 3000},
		),
	);
});

test('wide characters take two columns, marks none', t => {
	const widths = {
		...{abc: 3, größe: 5, 数据库: 6, Сервер: 6, 'e\u0301': 1, '\u0301': 0},
		...{[family]: 2, '😀x': 3, '🇩🇪': 2, ｗｅｂ: 6, 서버: 4, '❤\ufe0f': 2, '❤': 1, サーバー: 8},
	};
	for (const [text, width] of Object.entries(widths)) {
		t.is(displayWidth(text), width, text);
	}
});
