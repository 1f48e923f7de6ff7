// SPDX-License-Identifier: MIT
import {execFile} from 'node:child_process';
import {cp, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {env, execPath} from 'node:process';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import test from 'ava';

test('where the addon is missing, every path tried is named', async t => {
	const dir = await mkdtemp(join(tmpdir(), 'nftables-js-'));
	t.teardown(() => rm(dir, {recursive: true}));
	const source = fileURLToPath(new URL('../../../userland/nftables-js', import.meta.url));
	await cp(source, join(dir, 'package'), {recursive: true});
	await writeFile(join(dir, 'package.json'), '{"type": "module"}');
	const code = `import('${dir}/package/index.js').then(({openNftables}) => openNftables()).catch(error => console.log(error.name + ' ' + error.code + ': ' + error.message))`;

	const {stdout} = await promisify(execFile)(execPath, ['-e', code], {
		env: {...env, COLOOP_ADDON_DIR: '/nonexistent'},
	});
	const [first, ...paths] = stdout.trim().split('\n');
	t.is(first, 'NftablesError ADDON: cannot load nftables.node; tried');
	t.deepEqual(
		paths.slice(0, 3).map(line => line.trim().split(':', 1)[0]),
		['/nonexistent', join(dir, 'package'), join(dir, 'package/build')].map(path =>
			join(path, 'nftables.node'),
		),
	);
	t.is(paths.length, 6);
});
