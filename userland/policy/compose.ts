// SPDX-License-Identifier: MIT
import {Composer, Lexer, Parser, type CST, type Document, type LineCounter} from 'yaml';
import {PolicyError} from './errors.ts';

export type Position = {readonly line: number; readonly column: number};

/** Levels of maps and lists; the language itself has four. */
export const deepest = 8;

/** As the library's parseDocument, which recurses: half a million brackets would end the process. */
export function compose(text: string, file: string, lines: LineCounter): Document.Parsed {
	// Duplicate keys are found by check(), in linear time.
	const composer = new Composer({uniqueKeys: false});
	const documents = [...composer.compose(tokens(text, file, lines), true, text.length)];
	const [document, second] = documents;

	if (!document || second) {
		const offset = second?.range[0] ?? 0;
		throw new PolicyError([
			{
				file,
				...at(lines, offset),
				where: 'yaml',
				message: 'expected one document, got another',
			},
		]);
	}

	return document;
}

function* tokens(text: string, file: string, lines: LineCounter): Generator<CST.Token> {
	const parser = new Parser(lines.addNewLine);
	let broken = 0;

	lines.addNewLine(0);
	for (const lexeme of new Lexer().lex(text)) {
		for (const token of parser.next(lexeme)) {
			if (token.type === 'error') {
				broken++;
			}
			yield token;
		}
		// Garbage in, a screenful of errors out.
		if (broken > 20) {
			return;
		}
		if (parser.stack.length > 2 * deepest) {
			throw new PolicyError([
				{
					file,
					...at(lines, parser.offset),
					where: 'yaml',
					message: `expected at most ${deepest} levels, got more`,
				},
			]);
		}
	}
	yield* parser.end();
}

export function at(lines: LineCounter, offset: number): Position {
	const {line, col} = lines.linePos(offset);

	return {line: Math.max(line, 1), column: Math.max(col, 1)};
}
