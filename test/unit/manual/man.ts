// SPDX-License-Identifier: MIT
import {execFile} from 'node:child_process';
import {mkdtemp, readdir, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {Command} from 'commander';
import test from 'ava';
import {programOf} from '../../../userland/cli/main.ts';
import {program as coloopd} from '../../../userland/daemon/main.ts';
import {manualPage} from '../../../userland/manual/man.ts';
import {describeProgram} from '../../../userland/manual/program.ts';

const run = promisify(execFile);
const printer = fileURLToPath(new URL('../../../userland/bin/manual.js', import.meta.url));
const silent = {console: {out() {}, err() {}, now: () => 0}, exit: {status: 0}, raw() {}};
const programs = {coloop: programOf(silent), coloopd: coloopd()};

async function withManual(use: (directory: string) => Promise<void>): Promise<void> {
	const directory = await mkdtemp(join(tmpdir(), 'coloop-manual-'));
	try {
		await run(process.execPath, [printer, directory]);
		await use(directory);
	} finally {
		await rm(directory, {recursive: true});
	}
}

/** The page as a reader of 200 columns sees it, and what man warns of. */
async function shown(path: string): Promise<{text: string; warnings: string}> {
	const env = {...process.env, LC_ALL: 'C.UTF-8', MANWIDTH: '200', MANROFFSEQ: ''};
	const {stdout, stderr} = await run('man', ['--warnings', '-E', 'UTF-8', '-l', path], {env});

	return {text: stdout, warnings: stderr};
}

/** Every command that does something, with the words that call it. */
function leaves(command: Command, path: string): Array<readonly [string, Command]> {
	return command.commands.length === 0
		? [[path, command]]
		: command.commands.flatMap(each => leaves(each, `${path} ${each.name()}`));
}

test('there are two pages and three completions', async t => {
	await withManual(async directory => {
		t.deepEqual((await readdir(directory)).sort(), [
			...['_coloop', 'coloop.8', 'coloop.bash', 'coloop.fish', 'coloopd.8'],
		]);
	});
});

for (const [name, program] of Object.entries(programs)) {
	test(`the page of ${name} is well formed and tells every command and option`, async t => {
		await withManual(async directory => {
			const {text, warnings} = await shown(join(directory, `${name}.8`));
			t.is(warnings, '');
			for (const [path, command] of leaves(program, name)) {
				t.true(text.includes(path), path);
				for (const {long, short} of [...command.options, ...program.options]) {
					t.true(text.includes([short ?? [], long ?? []].flat().join(', ')), long);
				}
				const said = command.description().replaceAll('`', '').replace(/\s+/g, ' ');
				t.true(text.replace(/\s+/g, ' ').includes(said.slice(1)), said);
			}
			t.false(/`|undefined|\[object/.test(text));
		});
	});
}

test('two makings are the same, byte for byte', async t => {
	await withManual(async one => {
		await withManual(async other => {
			for (const file of await readdir(one)) {
				t.deepEqual(await readFile(join(one, file)), await readFile(join(other, file)));
			}
		});
	});
});

test('what roff would act on is told as it is', t => {
	const program = new Command('x')
		.description("does\n.SH no \\fB harm\n'nor this -- `b`")
		.option('-o, --odd <a>', '.so /etc/passwd');
	const page = manualPage({
		...{program: describeProgram(program), section: 8, version: '1', sections: []},
	});
	t.regex(page, /^\\&\.SH no \\efB harm$/m);
	t.regex(page, /^\\&'nor this \\-\\- \\fBb\\fR/m);
	t.regex(page, /^\\&\.so \/etc\/passwd$/m);
});
