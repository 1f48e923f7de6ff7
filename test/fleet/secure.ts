// SPDX-License-Identifier: MIT
import {chmod, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import type {FleetConfig} from '../../userland/fleet/config.ts';
import {startCluster, type Cluster} from './harness/cluster.ts';
import {allows, configOf, peersOf, prefix, startHost, type Host} from './harness/host.ts';

const warnings = ({log}: Host) => log.filter(({level}) => level === 'warn');

async function passwordFile(t: ExecutionContext, text: string): Promise<string> {
	const dir = await mkdtemp(join(tmpdir(), 'coloop-secret-'));
	t.teardown(() => rm(dir, {recursive: true}));
	const path = join(dir, 'password');
	await writeFile(path, text, {mode: 0o600});

	return path;
}

/** `host` may read what is below the prefix; `root` may all. */
async function askWho(etcd: Cluster): Promise<void> {
	/* One member, as another may not know yet what this one was told. */
	const ctl = (words: readonly string[]) => etcd.ctl(words, {members: etcd.members.slice(0, 1)});
	await ctl(['user', 'add', 'root:r']);
	await ctl(['user', 'grant-role', 'root', 'root']);
	await ctl(['user', 'add', 'host:h']);
	await ctl(['role', 'add', 'reader']);
	await ctl(['role', 'grant-permission', '--prefix=true', 'reader', 'read', prefix]);
	await ctl(['user', 'grant-role', 'host', 'reader']);
	await ctl(['auth', 'enable']);
}

test('by TLS both ends show who they are', async t => {
	const etcd = await startCluster(t, {members: 1, isTls: true});
	const {ca, otherCa, client, stranger} = etcd.certificates ?? t.fail() ?? ({} as never);
	await etcd.put(`${prefix}10-a.yaml`, allows('v0'));
	const own = ({cert, key}: typeof client) => ({certificate: cert, key});
	const start = (tls: FleetConfig['tls']) => startHost(t, configOf(etcd.endpoints, {tls}));
	const good = await start({ca, own: own(client)});
	await good.until(loaded => peersOf(loaded) === 'v0');

	for (const tls of [
		{ca: otherCa, own: own(client)},
		{ca: undefined, own: own(client)},
		{ca, own: own(stranger)},
		{ca, own: undefined},
	]) {
		const bad = await start(tls);
		const {errors} = await bad.until(() => true);
		t.regex(errors[0]?.message ?? '', /^etcd:\/coloop\/policy\/0\.yaml:1:1: .* got none: /);
		t.is(peersOf(bad.now()), '');
		await bad.until((_, {problem}) => problem !== null);
		await bad.stop();
	}
	await etcd.put(`${prefix}10-a.yaml`, allows('v1'));
	await good.until(loaded => peersOf(loaded) === 'v1');
});

test('a key that others may read is refused, and read again once it is mended', async t => {
	const etcd = await startCluster(t, {members: 1, isTls: true});
	const {ca, client} = etcd.certificates ?? ({} as never);
	await etcd.put(`${prefix}10-a.yaml`, allows('v0'));
	await chmod(client.key, 0o644);
	const host = await startHost(
		t,
		configOf(etcd.endpoints, {tls: {ca, own: {certificate: client.cert, key: client.key}}}),
	);
	const {errors} = await host.until(() => true);
	t.regex(errors[0]?.message ?? '', /client\.key: expected a secret .* got mode 0644$/);
	await chmod(client.key, 0o600);
	await host.until(loaded => peersOf(loaded) === 'v0');
});

test('a user is who the password says; what is refused is said once', async t => {
	const etcd = await startCluster(t);
	await askWho(etcd);
	const asRoot = {user: 'root:r', members: etcd.members.slice(0, 1)};
	await etcd.put(`${prefix}10-a.yaml`, allows('v0'), asRoot);
	await etcd.put('/other', 'x', asRoot);
	const start = async (user: string, password: string, more: Partial<FleetConfig> = {}) => {
		const login = {user, passwordFile: await passwordFile(t, password)};

		return await startHost(t, configOf(etcd.endpoints, {login, ...more}));
	};
	const good = await start('host', 'h\n');
	await good.until(loaded => peersOf(loaded) === 'v0');
	const wrong = await start('host', 'wrong');
	await wrong.until((_, {problem}) => /authentication failed/.test(problem ?? ''));
	const elsewhere = await start('host', 'h', {prefix: '/other/'});
	await elsewhere.until((_, {problem}) => /permission denied/.test(problem ?? ''));
	const nobody = await startHost(t, configOf(etcd.endpoints));
	await nobody.until((_, {problem}) => /user name is empty/.test(problem ?? ''));
	/* Several rounds of all members. */
	await new Promise(resolve => setTimeout(resolve, 4000));
	for (const host of [wrong, elsewhere, nobody]) {
		const said = warnings(host).map(({message}) => String(message));
		t.is(new Set(said).size, said.length);
		t.true(said.length <= etcd.members.length, said.join('\n'));
		t.is(peersOf(host.now()), '');
	}
	await etcd.put(`${prefix}10-a.yaml`, allows('v1'), asRoot);
	await good.until(loaded => peersOf(loaded) === 'v1');
	t.deepEqual(warnings(good), []);
});

test('a token that has run out, and a password that was changed, need no restart', async t => {
	const etcd = await startCluster(t, {members: 1, flags: ['--auth-token-ttl', '2']});
	await askWho(etcd);
	await etcd.put(`${prefix}10-a.yaml`, allows('v0'), {user: 'root:r'});
	const file = await passwordFile(t, 'h');
	const host = await startHost(
		t,
		configOf(etcd.endpoints, {login: {user: 'host', passwordFile: file}}),
	);
	await host.until(loaded => peersOf(loaded) === 'v0');
	await new Promise(resolve => setTimeout(resolve, 4000));
	await etcd.put(`${prefix}10-a.yaml`, allows('v1'), {user: 'root:r'});
	await host.until(loaded => peersOf(loaded) === 'v1');

	await etcd.ctl(['user', 'passwd', 'host', '--interactive=false'], {
		...{user: 'root:r', input: 'new\n'},
	});
	await writeFile(file, 'new\n');
	await etcd.put(`${prefix}10-a.yaml`, allows('v2'), {user: 'root:r'});
	await host.until(loaded => peersOf(loaded) === 'v2');
	t.is(host.state().problem, null);
});

test('a user where etcd asks nobody who he is is a mistake that is said', async t => {
	const etcd = await startCluster(t, {members: 1});
	await etcd.put(`${prefix}10-a.yaml`, allows('v0'));
	const login = {user: 'host', passwordFile: await passwordFile(t, 'h')};
	const host = await startHost(t, configOf(etcd.endpoints, {login}));
	await host.until((_, {problem}) => /authentication is not enabled/.test(problem ?? ''));
	t.is(peersOf(host.now()), '');
	t.regex(String(warnings(host)[0]?.message), /authentication is not enabled/);
});
