// SPDX-License-Identifier: MIT
//
// What `npm pack` makes is installed into an empty project, from tarballs alone, and used there.
import {execFile, spawnSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import {cp, mkdtemp, readdir, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {env, execPath} from 'node:process';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import test from 'ava';
import {inNetns} from './_netns.ts';

const tree = fileURLToPath(new URL('../../../../..', import.meta.url));
const run = promisify(execFile);

const program = `
	import assert from 'node:assert/strict';
	import {NftablesError, openIsolatedNftables, openNftables} from 'nftables-js';

	for (const open of [openNftables, openIsolatedNftables]) {
		const nft = open();
		await nft.run([{add: {table: {family: 'inet', name: 'packed'}}}]);
		assert.deepEqual((await nft.list()).tables.map(({name}) => name), ['packed']);
		await assert.rejects(nft.text('add table\\n'), error => error instanceof NftablesError && error.position.line === 1);
		await nft.run([{delete: {table: {family: 'inet', name: 'packed'}}}]);
		await nft.close();
	}
	console.log('works');
`;

const typed = `
	import {openNftables, type NftCommand, type Nftables, NftablesError} from 'nftables-js';

	const commands: NftCommand[] = [
		{add: {table: {family: 'inet', name: 't'}}},
		{add: {chain: {family: 'netdev', table: 't', name: 'c', type: 'filter', hook: 'ingress', prio: 0, dev: ['a', 'b']}}},
		{add: {rule: {family: 'inet', table: 't', chain: 'c', expr: [
			{match: {op: '==', left: {concat: [{payload: {protocol: 'ether', field: 'saddr'}}, {meta: {key: 'mark'}}]}, right: '@s'}},
			{limit: {rate: 10, rate_unit: 'kbytes', per: 'second', inv: true}},
			{drop: null},
		]}}},
		{add: {map: {family: 'ip', table: 't', name: 'm', type: 'ipv4_addr', map: 'verdict', elem: [['10.0.0.1', {drop: null}]]}}},
		{delete: {chain: {family: 'ip', table: 't', handle: 7}}},
		{list: {ruleset: null}},
	];
	// @ts-expect-error a key that nobody knows
	const unknownKey: NftCommand = {add: {tabel: {family: 'inet', name: 't'}}};
	// @ts-expect-error no such family
	const unknownFamily: NftCommand = {add: {table: {family: 'inett', name: 't'}}};
	// @ts-expect-error a rule is added to a chain
	const noChain: NftCommand = {add: {rule: {family: 'inet', table: 't', expr: []}}};
	// @ts-expect-error no such statement
	const unknownStatement: NftCommand = {insert: {rule: {family: 'inet', table: 't', chain: 'c', expr: [{dorp: null}]}}};
	// @ts-expect-error a rule is replaced by its handle
	const noHandle: NftCommand = {replace: {rule: {family: 'inet', table: 't', chain: 'c', expr: []}}};

	export async function use(nft: Nftables = openNftables()): Promise<number | undefined> {
		try {
			return (await nft.run(commands, {signal: AbortSignal.timeout(5)})).rules[0]?.handle;
		} catch (error) {
			return error instanceof NftablesError && error.code === 'ENOENT' ? error.position?.column : undefined;
		}
	}
	export {noChain, noHandle, unknownFamily, unknownKey, unknownStatement};
`;

async function pack(folder: string, into: string): Promise<string> {
	const {stdout} = await run('npm', ['pack', '--silent', '--pack-destination', into], {
		cwd: folder,
	});

	return join(into, stdout.trim());
}

/** How fast the addon would be is not asked here. */
const quick = {...env, CXXFLAGS: '-O0'};

/** npm's own directory of programs, which it names in PATH, has a node-gyp. */
const withoutGyp = {...quick, PATH: '/usr/bin:/bin', npm_config_node_gyp: ''};

test.serial('the package installs into an empty project and works there', async t => {
	t.timeout(600_000);
	const scratch = await mkdtemp(join(tmpdir(), 'nftables-js-'));
	t.teardown(() => rm(scratch, {recursive: true}));
	const tarballs = [
		await pack(join(tree, 'userland/nftables-js'), scratch),
		await pack(join(tree, 'node_modules/node-addon-api'), scratch),
	];
	const installed = join(scratch, 'node_modules/nftables-js');

	await writeFile(join(scratch, 'package.json'), '{"type": "module"}');
	await writeFile(join(scratch, 'program.js'), program);
	await run('npm', ['install', '--offline', '--no-audit', '--no-fund', ...tarballs], {
		cwd: scratch,
		env: quick,
	});
	t.true(existsSync(join(installed, 'build/Release/nftables.node')), 'built by node-gyp');
	t.is(await inNetns(execPath, [join(scratch, 'program.js')]), 'works\n');

	t.deepEqual(
		(await readdir(installed)).filter(name => /\.ts$|tsconfig|node_modules/.test(name)),
		[],
		'nothing that only the tree wants',
	);

	await t.notThrowsAsync(checkTypes(scratch));

	await rm(join(installed, 'build'), {recursive: true});
	await run(execPath, ['install.js'], {cwd: installed, env: withoutGyp});
	t.true(existsSync(join(installed, 'build/nftables.node')), 'built by make');
	t.is(await inNetns(execPath, [join(scratch, 'program.js')]), 'works\n');
});

/** As a project that checks libraries, too, does. */
async function checkTypes(scratch: string): Promise<void> {
	const options = ['--strict', '--exactOptionalPropertyTypes', '--noEmit', '--target', 'es2022'];
	const types = ['--types', 'node', '--typeRoots', join(tree, 'node_modules/@types')];

	await writeFile(join(scratch, 'typed.ts'), typed);
	for (const module of ['nodenext', 'esnext']) {
		const resolution = module === 'esnext' ? ['--moduleResolution', 'bundler'] : [];

		await run(
			execPath,
			[
				join(tree, 'node_modules/typescript/bin/tsc'),
				...['--module', module, ...resolution, ...options, ...types, 'typed.ts'],
			],
			{cwd: scratch},
		).catch((error: unknown) => {
			throw new Error(`${module}: ${(error as {stdout: string}).stdout}`);
		});
	}
}

const failures: ReadonlyArray<readonly [cxx: string, says: RegExp]> = [
	['false', /^nftables-js: no headers of libnftables \(.*libnftables-dev.*\)\n$/],
	['/nonexistent/c++', /^nftables-js: no compiler: \/nonexistent\/c\+\+ \(/],
];

for (const [cxx, says] of failures) {
	test(`what is missing is said in one line: ${cxx}`, async t => {
		const scratch = await mkdtemp(join(tmpdir(), 'nftables-js-'));
		t.teardown(() => rm(scratch, {recursive: true}));

		await cp(join(tree, 'userland/nftables-js/install.js'), join(scratch, 'install.js'));
		await writeFile(join(scratch, 'package.json'), '{"type": "module"}');
		const {status, stderr} = spawnSync(execPath, ['install.js'], {
			cwd: scratch,
			env: {...env, CXX: cxx},
			encoding: 'utf8',
		});

		t.is(status, 1);
		t.regex(stderr, says);
	});
}

test("in Coloop's own tree installing builds nothing", t => {
	const {status, stderr} = spawnSync(execPath, ['install.js'], {
		cwd: join(tree, 'userland/nftables-js'),
		env: {...env, CXX: 'false'},
		encoding: 'utf8',
	});

	t.deepEqual({status, stderr}, {status: 0, stderr: ''});
});
