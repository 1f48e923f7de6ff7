// SPDX-License-Identifier: MIT
//
// What npm runs where the package is installed: builds the addon, by node-gyp where there is one, else by make.
import {spawnSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';
import {env, execPath, exit, stderr} from 'node:process';
import {fileURLToPath} from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);

/** `<folder>/include/node` holds Node's headers; undefined: none are on this machine. */
const headers = [dirname(dirname(execPath)), '/usr', '/usr/local']
	.map(folder => join(folder, 'include/node'))
	.concat('/usr/include/nodejs/src')
	.find(folder => existsSync(join(folder, 'node_api.h')));

// In Coloop's own tree make builds it, when it is wanted.
if (!existsSync(join(here, 'index.ts'))) {
	exit(install());
}

function install() {
	const missing = whatIsMissing();

	if (missing !== undefined) {
		stderr.write(`nftables-js: ${missing}\n`);

		return 1;
	}
	const gyp = nodeGyp();
	const isBuilt = (gyp && run(...gyp)) || (headers !== undefined && run('make', makeArguments()));

	if (!isBuilt) {
		stderr.write(
			headers === undefined
				? "nftables-js: no node-gyp that works, and no headers of Node's for make (Debian: apt-get install libnode-dev)\n"
				: 'nftables-js: the addon was not built; the compiler says why above\n',
		);
	}

	return isBuilt ? 0 : 1;
}

/** Undefined where all is here; else what to do, as a compiler's own words tell it to few. */
function whatIsMissing() {
	const compiler = env['CXX'] ?? 'c++';
	const {error, status} = spawnSync(compiler, ['-E', '-x', 'c++', '-'], {
		input: '#include <nftables/libnftables.h>\n',
		stdio: ['pipe', 'ignore', 'ignore'],
	});

	// One that ends before it has read all leaves an error, too, and a status.
	if (error && status === null) {
		return `no compiler: ${compiler} (Debian: apt-get install g++ make)`;
	}

	return status === 0
		? undefined
		: 'no headers of libnftables (Debian, Ubuntu: apt-get install libnftables-dev; Fedora: dnf install nftables-devel)';
}

/** npm says where its own is. With the headers that are here nothing is downloaded. */
function nodeGyp() {
	const tail = ['rebuild', '--silent'];
	const nodedir = headers?.endsWith('include/node')
		? [`--nodedir=${dirname(dirname(headers))}`]
		: [];
	const own = env['npm_config_node_gyp'];

	if (own) {
		return [execPath, [own, ...tail, ...nodedir]];
	}
	const isHere = spawnSync('node-gyp', ['--version'], {stdio: 'ignore'}).status === 0;

	return isHere ? ['node-gyp', [...tail, ...nodedir]] : undefined;
}

function makeArguments() {
	const api = dirname(require.resolve('node-addon-api/package.json'));

	return ['-s', `NODE_INCLUDE=${headers}`, `NODE_ADDON_API_INCLUDE=${api}`];
}

function run(command, args) {
	return spawnSync(command, args, {cwd: here, stdio: 'inherit'}).status === 0;
}
