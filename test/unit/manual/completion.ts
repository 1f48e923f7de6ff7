// SPDX-License-Identifier: MIT
import {execFile} from 'node:child_process';
import {chmod, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {delimiter, join} from 'node:path';
import {promisify} from 'node:util';
import test from 'ava';
import {dump} from '../../../userland/cli/dump.ts';
import {programOf} from '../../../userland/cli/main.ts';
import {completionFor} from '../../../userland/manual/completion.ts';
import {peerStatus, statusOf} from '../control/_status.ts';

const execute = promisify(execFile);
const silent = {console: {out() {}, err() {}, now: () => 0}, exit: {status: 0}, raw() {}};
const program = programOf(silent);

const names = [
	'db-1',
	'db-2',
	'Debian 12 (web)',
	'数据库',
	"o'neill",
	'back\\slash',
	'-',
	'e\u001b',
];

/** A folder with the scripts, and a `coloop` that dumps those peers. */
async function withShell<T>(use: (folder: string) => Promise<T>): Promise<T> {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-completion-'));
	try {
		const peers = names.map((peer, index) => peerStatus({peer, domid: index + 1}));
		await writeFile(join(folder, 'lines'), `${dump(statusOf({peers})).join('\n')}\n`);
		await writeFile(
			join(folder, 'coloop'),
			`#!/bin/sh\nprintf '%s\\n' "$@" >'${folder}/asked'\ncat '${folder}/lines'\n`,
		);
		await chmod(join(folder, 'coloop'), 0o755);
		for (const shell of ['bash', 'zsh', 'fish'] as const) {
			await writeFile(join(folder, shell), completionFor(shell, program));
		}

		return await use(folder);
	} finally {
		await rm(folder, {recursive: true});
	}
}

/** What bash offers for the last of these words. */
async function offered(...words: string[]): Promise<string[]> {
	const script = `
		PATH=$0:$PATH
		. "$0/bash"
		COMP_WORDS=(coloop "$@") COMP_CWORD=$#
		_coloop
		printf '%s\\n' "\${COMPREPLY[@]}"
	`;
	const {stdout, stderr} = await withShell(folder =>
		execute('bash', ['--norc', '-uc', script, folder, ...words]),
	);
	if (stderr !== '') {
		throw new Error(stderr);
	}

	return stdout.split('\n').filter(line => line !== '');
}

const commands = program.commands.map(command => command.name());
const ofPolicy =
	program.commands
		.find(command => command.name() === 'policy')
		?.commands.map(command => command.name()) ?? [];

test('bash completes every command', async t => {
	t.deepEqual(await offered(''), commands);
	t.deepEqual(
		await offered('s'),
		commands.filter(name => name.startsWith('s')),
	);
	t.deepEqual(await offered('policy', ''), ofPolicy);
	t.deepEqual(await offered('completion', ''), ['bash', 'zsh', 'fish']);
});

test('bash completes every option of every command', async t => {
	for (const command of program.commands.filter(({commands}) => commands.length === 0)) {
		t.deepEqual(
			await offered(command.name(), '--'),
			[...command.options.map(({long}) => long), '--help'],
			command.name(),
		);
	}
});

test('bash completes names of peers, as they have to be typed', async t => {
	t.deepEqual(await offered('show', 'db'), ['db-1', 'db-2']);
	t.deepEqual(await offered('up', 'Deb'), ['Debian\\ 12\\ \\(web\\)']);
	t.deepEqual(await offered('up', 'Debian\\ 1'), ['Debian\\ 12\\ \\(web\\)']);
	t.deepEqual(await offered('up', '"Debian 1'), ['Debian 12 (web)']);
	t.deepEqual(await offered('down', 'db-1', 'o'), ["o\\'neill"]);
	t.deepEqual(await offered('down', 'back'), ['back\\\\slash']);
	t.is((await offered('show', '数')).length, 1);
	t.deepEqual(await offered('show', 'e'), [], 'what cannot be typed is not offered');
	t.deepEqual(await offered('show', 'db-1', 'db-2', ''), [], 'there is no third');
});

test('bash looks past options and their values', async t => {
	t.deepEqual(await offered('up', '-t', '5', 'db-1', 'db-'), ['db-1', 'db-2']);
	t.deepEqual(await offered('up', '-t', ''), []);
	t.deepEqual(await offered('--socket', '/run/x', 'policy', 'rel'), ['reload']);
	t.deepEqual(await offered('--socket', '=', '/run/x', 'policy', 'rel'), ['reload']);
	t.deepEqual(await offered('list', '-a', '--js'), ['--json']);
	t.deepEqual(await offered('up', 'nobody', 'x', '-'), ['--timeout', '--help']);
});

test('bash completes files where there are some', async t => {
	t.deepEqual(await offered('policy', 'lint', '/etc/os-rel'), ['/etc/os-release']);
	t.deepEqual(await offered('-s', '/etc/os-rel'), ['/etc/os-release']);
});

test('bash asks the daemon that the line names', async t => {
	const asked = await withShell(async folder => {
		const script = `PATH=$0:$PATH; . "$0/bash"
			COMP_WORDS=(coloop -s /run/x.sock show d) COMP_CWORD=4; _coloop; cat "$0/asked"`;

		return (await execute('bash', ['--norc', '-c', script, folder])).stdout;
	});
	t.is(asked, '-s\n/run/x.sock\ndump\n');
});

/** Whether there is such a shell here; test/setup/host.sh installs both. */
async function isThere(shell: string): Promise<boolean> {
	const paths = (process.env['PATH'] ?? '').split(delimiter).map(folder => join(folder, shell));

	return (await Promise.allSettled(paths.map(path => execute(path, ['--version'])))).some(
		({status}) => status === 'fulfilled',
	);
}

for (const shell of ['zsh', 'fish']) {
	test(`the script for ${shell} is one, and names every command`, async t => {
		await withShell(async folder => {
			if (!(await isThere(shell))) {
				t.log(`${shell} is not here: skipped`);
				t.pass();

				return;
			}
			await t.notThrowsAsync(execute(shell, ['-n', join(folder, shell)]));
			const script = completionFor(shell as 'zsh' | 'fish', program);
			for (const name of commands) {
				t.true(script.includes(name), name);
			}
		});
	});
}

test('fish completes commands, options and peers', async t => {
	if (!(await isThere('fish'))) {
		return t.pass();
	}
	const offer = (line: string) =>
		withShell(async folder => {
			const script = `set PATH ${folder} $PATH; source ${folder}/fish; complete -C '${line}'`;
			const {stdout} = await execute('fish', ['--no-config', '-c', script]);

			return stdout.split('\n').flatMap(each => each.split('\t')[0] || []);
		});
	t.deepEqual((await offer('coloop ')).sort(), [...commands].sort());
	t.deepEqual(await offer('coloop policy '), [...ofPolicy].sort());
	t.deepEqual(await offer('coloop show db'), ['db-1', 'db-2']);
	t.true((await offer('coloop list --')).includes('--json'));
});
