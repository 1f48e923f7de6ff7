// SPDX-License-Identifier: MIT
// mirror.sh is asked with apt's own programs, a server that publishes as mirrors do, and a configuration
// folder beside the machine's.
import {execFile} from 'node:child_process';
import {createHash} from 'node:crypto';
import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {promisify} from 'node:util';
import test, {type ExecutionContext} from 'ava';
import {repository} from '../../lab/paths.ts';

const run = promisify(execFile);

const packages = 'Package: one\nVersion: 1\nArchitecture: amd64\nFilename: one.deb\nSize: 1\n\n';
const sum = createHash('sha256').update(packages).digest('hex');

function release(origin: string, label: string): string {
	return `Origin: ${origin}
Label: ${label}
Codename: bookworm
Components: main
Architectures: amd64
Date: ${new Date().toUTCString().replace('GMT', 'UTC')}
SHA256:
 ${sum} ${packages.length} main/binary-amd64/Packages
`;
}

const archives: Record<string, string> = {
	'/debian': release('Debian', 'Debian'),
	'/security': release('Debian', 'Debian-Security'),
	'/vendor': release('Vendor', 'Debian'),
};

// What a proxy is asked has the mirror's name in front.
function answer(url: string): string | undefined {
	const at = url.replace(/^http:\/\/[^/]+/, '');
	const archive = archives[at.replace(/\/dists\/.*/, '')];
	if (archive === undefined) {
		return undefined;
	}
	if (at.endsWith('/Release')) {
		return archive;
	}

	return at.endsWith('/Packages') ? packages : undefined;
}

type Machine = {
	/** Where what it publishes is to be had. */
	readonly server: string;
	/** Every address that apt asked for. */
	readonly asked: string[];
	write(file: string, text: string): Promise<void>;
	apt(...args: string[]): Promise<unknown>;
	mirror(): Promise<string>;
	unplug(): Promise<void>;
};

async function machine(t: ExecutionContext): Promise<Machine> {
	const folder = await mkdtemp(path.join(os.tmpdir(), 'coloop-apt-'));
	const asked: string[] = [];
	const server = createServer((request, response) => {
		asked.push(request.url ?? '');
		const text = answer(request.url ?? '');
		response.writeHead(text === undefined ? 404 : 200).end(text);
	});
	await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
	const unplug = async (): Promise<void> => {
		server.closeAllConnections();
		await new Promise(resolve => server.close(resolve));
	};
	t.teardown(async () => {
		await unplug();
		await rm(folder, {recursive: true});
	});
	const write = (file: string, text: string): Promise<void> =>
		writeFile(path.join(folder, 'etc', file), text);
	for (const each of ['etc/sources.list.d', 'etc/apt.conf.d', 'state/lists/partial', 'cache']) {
		await mkdir(path.join(folder, each), {recursive: true});
	}
	await write(
		'apt.conf',
		`Dir::Etc "${folder}/etc"; Dir::State "${folder}/state"; Dir::Cache "${folder}/cache";
		APT::Architecture "amd64"; APT::Sandbox::User "root"; Acquire::Retries "0";\n`,
	);
	const env = {...process.env, APT_CONFIG: `${folder}/etc/apt.conf`, http_proxy: ''};

	return {
		server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		asked,
		write,
		apt: (...args) => run('apt-get', args, {env}),
		mirror: async () =>
			(await run(path.join(repository, 'test/setup/mirror.sh'), {env})).stdout.trim(),
		unplug,
	};
}

const deb822 = (uri: string): string =>
	`Types: deb\nURIs: ${uri}\nSuites: bookworm\nComponents: main\nTrusted: yes\n\n`;

test('deb822 sources: the archive that calls itself Debian, whoever comes first', async t => {
	const {server, write, mirror} = await machine(t);
	const sources = ['vendor', 'security', 'debian'].map(each => deb822(`${server}/${each}`));
	await write('sources.list.d/debian.sources', sources.join(''));
	t.is(await mirror(), `${server}/debian ${server}/security`);
});

test('one-line sources, reached as apt reaches them: by its proxy', async t => {
	const {server, asked, write, mirror} = await machine(t);
	await write('sources.list', 'deb [trusted=yes] http://mirror.invalid/debian bookworm main\n');
	await write('apt.conf.d/proxy', `Acquire::http::Proxy::mirror.invalid "${server}";\n`);
	t.is(await mirror(), 'http://mirror.invalid/debian');
	t.true(asked.every(each => each.startsWith('http://mirror.invalid/')));
});

test('what apt has fetched before is enough', async t => {
	const {server, asked, write, apt, mirror, unplug} = await machine(t);
	await write('sources.list', `deb [trusted=yes] ${server}/debian bookworm main\n`);
	await apt('update');
	t.true(asked.length > 0);
	await unplug();
	t.is(await mirror(), `${server}/debian`);
});

test('without a source of Debian it says where it looked', async t => {
	const {server, write, mirror} = await machine(t);
	await write('sources.list', `deb [trusted=yes] ${server}/vendor bookworm main\n`);
	const error = await t.throwsAsync<Error & {stderr: string}>(mirror());
	t.regex(
		error.stderr,
		/expected a source of Debian's main archive in .*sources\.list or .*, got none/,
	);
});
