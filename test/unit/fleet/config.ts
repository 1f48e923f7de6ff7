// SPDX-License-Identifier: MIT
import {chmod, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {parseConfig, readConfig} from '../../../userland/fleet/config.ts';
import {PolicyError} from '../../../userland/policy/errors.ts';

const file = '/etc/coloop/fleet.yaml';

function problems(text: string): string {
	try {
		parseConfig(text, file);

		return '';
	} catch (error) {
		if (!(error instanceof PolicyError)) {
			throw error;
		}

		return error.message;
	}
}

test('the shortest, and one with everything', t => {
	t.deepEqual(parseConfig('version: 1\nendpoints: [https://etcd-1:2379/]\n', file), {
		...{endpoints: ['https://etcd-1:2379'], prefix: '/coloop/policy/', login: undefined},
		tls: {ca: undefined, own: undefined},
	});
	const all = `version: 1
endpoints:
  - https://10.0.0.1:2379
  - https://[fd00::1]:2379
  - http://127.0.0.1:2379
  - http://[::1]:2379
prefix: /tenants/a/
ca: ca.pem
certificate: /etc/ssl/host.pem
key: ../ssl/host.key
user: host
password_file: password
`;
	t.deepEqual(parseConfig(all, file), {
		endpoints: [
			...['https://10.0.0.1:2379', 'https://[fd00::1]:2379'],
			...['http://127.0.0.1:2379', 'http://[::1]:2379'],
		],
		prefix: '/tenants/a/',
		tls: {
			ca: '/etc/coloop/ca.pem',
			own: {certificate: '/etc/ssl/host.pem', key: '/etc/ssl/host.key'},
		},
		login: {user: 'host', passwordFile: '/etc/coloop/password'},
	});
});

const head = 'version: 1\nendpoints: [https://e:2379]\n';
const wrong: ReadonlyArray<readonly [text: string, message: string]> = [
	['', '1:1: error: policy: expected a map, got nothing'],
	['endpoints: [https://e]\n', '1:1: error: version: expected 1, got nothing'],
	['version: 2\nendpoints: [https://e]\n', '1:10: error: version: expected 1, got 2'],
	['version: 1\n', '1:1: error: endpoints: expected a list of 1 to 16 URLs, got nothing'],
	['version: 1\nendpoints: []\n', '2:12: error: endpoints: expected a list of 1 to 16 URLs'],
	['version: 1\nendpoints: https://e\n', '2:12: error: endpoints: expected a list of 1 to 16'],
	[
		'version: 1\nendpoints: [e:2379]\n',
		'2:13: error: endpoints[0]: expected the URL of a member',
	],
	['version: 1\nendpoints: [https://e/v3]\n', '2:13: error: endpoints[0]: expected the URL'],
	['version: 1\nendpoints: [https://u:p@e]\n', '2:13: error: endpoints[0]: expected the URL'],
	['version: 1\nendpoints: [ftp://e]\n', '2:13: error: endpoints[0]: expected the URL'],
	['version: 1\nendpoints: [7]\n', '2:13: error: endpoints[0]: expected the URL'],
	[
		'version: 1\nendpoints: [https://a, http://10.0.0.1:2379]\n',
		'2:24: error: endpoints[1]: expected https:// to another machine, got http://10.0.0.1:2379',
	],
	[
		'version: 1\nendpoints: [http://localhost.example.org]\n',
		'2:13: error: endpoints[0]: expected https://',
	],
	[
		`${head}prefix: /\n`,
		'3:9: error: prefix: expected a prefix of keys that begins and ends with /',
	],
	[`${head}prefix: coloop\n`, '3:9: error: prefix: expected a prefix'],
	[`${head}prefix: /a//b/\n`, '3:9: error: prefix: expected a prefix'],
	[`${head}ca: []\n`, '3:5: error: ca: expected the path of a file, got a list of 0'],
	[`${head}certificate: c\n`, '3:14: error: certificate: expected key beside certificate'],
	[`${head}key: k\n`, '3:6: error: key: expected certificate beside key, got nothing'],
	[`${head}user: u\n`, '3:7: error: user: expected password_file beside user, got nothing'],
	[`${head}password_file: p\n`, '3:16: error: password_file: expected user beside password_file'],
	[`${head}password: secret\n`, '3:1: error: password: expected a key that is known here'],
	[`${head}ca: a\nca: b\n`, '4:1: error: ca: expected each key once, got it again'],
	[`${head}ca: &x a\n`, '3:8: error: ca: expected no anchor'],
	[`${head}---\n${head}`, 'error: yaml: expected one document, got another'],
	['{', '1:2: error: yaml: '],
	['[1]', '1:1: error: policy: expected a map, got a list of 1'],
];

for (const [text, message] of wrong) {
	test(`refused: ${JSON.stringify(text)}`, t => {
		const said = problems(text);
		t.true(said.startsWith(`${file}:`), said);
		t.true(said.includes(message), said);
	});
}

test('a file that is not there is no fleet, and one that others may write an error', async t => {
	const dir = await mkdtemp(join(tmpdir(), 'coloop-config-'));
	t.teardown(() => rm(dir, {recursive: true}));
	const path = join(dir, 'fleet.yaml');
	t.is(await readConfig(path), undefined);
	await writeFile(path, head, {mode: 0o644});
	t.deepEqual((await readConfig(path))?.endpoints, ['https://e:2379']);
	await chmod(path, 0o666);
	await t.throwsAsync(readConfig(path), {instanceOf: PolicyError, message: /mode 0666/});
	await t.throwsAsync(readConfig(dir), {instanceOf: PolicyError});
	await chmod(path, 0o644);
	await writeFile(path, Uint8Array.of(0xff));
	await t.throwsAsync(readConfig(path), {message: /fleet\.yaml:1:1: .* expected UTF-8/});
});
