// SPDX-License-Identifier: MIT
//
// manual.js [DIRECTORY]: writes the manual and the completion of the shells, which are made of
// the same tables of commands and options as the programs.
import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {programOf} from '../cli/main.ts';
import {coloopSections} from '../cli/manual.ts';
import {version} from '../control/version.ts';
import {program as coloopd} from '../daemon/main.ts';
import {coloopdSections} from '../daemon/manual.ts';
import {completionFor} from '../manual/completion.ts';
import {manualPage} from '../manual/man.ts';
import {describeProgram} from '../manual/program.ts';

const silent = {out() {}, err() {}, now: () => 0};
const coloop = programOf({console: silent, exit: {status: 0}, raw() {}});
const page = {section: 8, version};

const files: Readonly<Record<string, string>> = {
	'coloop.8': manualPage({...page, program: describeProgram(coloop), sections: coloopSections}),
	'coloopd.8': manualPage({
		...{...page, program: describeProgram(coloopd()), sections: coloopdSections},
	}),
	'coloop.bash': completionFor('bash', coloop),
	_coloop: completionFor('zsh', coloop),
	'coloop.fish': completionFor('fish', coloop),
};

const directory = process.argv[2] ?? 'build/manual';
await mkdir(directory, {recursive: true});
for (const [name, text] of Object.entries(files)) {
	await writeFile(join(directory, name), text);
}
