// SPDX-License-Identifier: MIT
//
// Prints every place in kmod/ that reads what a peer, Xen or a caller of netlink has said, with the
// tests that cover it. Fails where one has none, where a shared word is read without an accessor or
// a second time, and where a test or a function that map.ts names is gone. Runs from the top of the tree.
import {readdir, readFile} from 'node:fs/promises';
import {findPlaces, unlisted, type Place} from './find.ts';
import {covers, type Cover} from './map.ts';

const places = (await Promise.all((await sources('kmod')).map(read))).flat();
const missing = await Promise.all(
	Object.entries(covers).flatMap(([key, cover]) => cover.by.map(test => check(key, test))),
);
const problems = [
	...unlisted(await readFile('kmod/wire.h', 'utf8')).map(
		each => `${each}: find.ts does not know it`,
	),
	...places.flatMap(uncovered),
	...Object.keys(covers)
		.filter(key => !places.some(place => place.key === key))
		.map(key => `${key}: named in map.ts, but reads nothing from outside`),
	...missing.flat(),
];

report();
for (const problem of problems) {
	console.log(`FAIL ${problem}`);
}
const functions = new Set(places.map(({key}) => key));
const open = Object.values(covers).filter(({lacks}) => lacks !== undefined);
console.log(
	`${places.length} places in ${functions.size} functions, ${open.length} with something untried`,
);
const good = [...functions].filter(key => !problems.some(problem => problem.startsWith(key)));
console.log(`${good.length} passed, ${problems.length} failed`);
process.exitCode = problems.length > 0 ? 1 : 0;

async function sources(folder: string): Promise<string[]> {
	const names = await readdir(folder);

	return names
		.filter(name => /\.[ch]$/.test(name) && !/^netlink-gen|^trace\.h$/.test(name))
		.sort();
}

async function read(file: string): Promise<Place[]> {
	return findPlaces(file, await readFile(`kmod/${file}`, 'utf8'));
}

function uncovered({key, line, kind, text}: Place): string[] {
	if (kind === 'twice') {
		return [`${key}, line ${line}: a second time: ${text}`];
	}
	if (kind === 'naked') {
		return [`${key}, line ${line}: without an accessor: ${text}`];
	}

	return covers[key] === undefined ? [`${key}, line ${line}: no test: ${text}`] : [];
}

/** A test is a file and, after a `#`, words that the file must have. */
async function check(key: string, test: string): Promise<string[]> {
	const [path = '', words = ''] = test.split('#');
	const text = await readFile(path, 'utf8').catch(() => undefined);
	if (text === undefined) {
		return [`${key}: ${path} is not there`];
	}

	return text.includes(words) ? [] : [`${key}: ${path} has no "${words}"`];
}

function report(): void {
	let last: string | undefined;
	for (const {key, line, kind, text} of places) {
		const cover = covers[key];
		if (key !== last && cover) {
			console.log(`\n${key}\n${reasons(cover)}`);
		}
		console.log(`  ${String(line).padStart(4)} ${kind.padEnd(8)}${text}`);
		last = key;
	}
	console.log();
}

function reasons({by, lacks}: Cover): string {
	const lines = by.map(test => `  by   ${test}`);

	return [...lines, ...(lacks === undefined ? [] : [`  not  ${lacks}`])].join('\n');
}
