// SPDX-License-Identifier: MIT
import {execFile} from 'node:child_process';
import {cp, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import test, {type ExecutionContext} from 'ava';

const run = promisify(execFile);
const loader = fileURLToPath(new URL('../../../userland/netlink-js/load.js', import.meta.url));
const built = fileURLToPath(
	new URL('../../../../../userland/netlink-js/build/netlink.node', import.meta.url),
);
const program = `import {load} from './load.js'; console.log(Object.keys(load()).join(' '));`;

async function folder(t: ExecutionContext): Promise<string> {
	const made = await mkdtemp(join(tmpdir(), 'netlink-js-'));

	t.teardown(() => rm(made, {recursive: true}));

	return made;
}

/** The loader alone, as a bundle would hold it, away from this tree. */
async function installed(t: ExecutionContext): Promise<string> {
	const directory = await folder(t);

	await writeFile(join(directory, 'package.json'), '{"type": "module"}');
	await cp(loader, join(directory, 'load.js'));
	await writeFile(join(directory, 'main.js'), program);

	return directory;
}

test('the addon is found beside the running file', async t => {
	const directory = await installed(t);

	await cp(built, join(directory, 'netlink.node'));
	const {stdout} = await run(process.execPath, [join(directory, 'main.js')]);
	t.is(stdout, 'setup Socket Device attached sendDatagram linked\n');
});

test('the addon is found where COLOOP_ADDON_DIR says', async t => {
	const directory = await installed(t);
	const elsewhere = await folder(t);

	await cp(built, join(elsewhere, 'netlink.node'));
	const env = {...process.env, COLOOP_ADDON_DIR: elsewhere};
	const {stdout} = await run(process.execPath, [join(directory, 'main.js')], {env});
	t.is(stdout, 'setup Socket Device attached sendDatagram linked\n');
});

test('a missing addon names every path tried', async t => {
	const directory = await installed(t);
	const error = await t.throwsAsync(run(process.execPath, [join(directory, 'main.js')]));

	t.regex(error?.message ?? '', /cannot load netlink\.node; tried/);
	t.true(error?.message.includes(join(directory, 'netlink.node')));
	t.true(error?.message.includes(join(directory, 'build', 'netlink.node')));
});
