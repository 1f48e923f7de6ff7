// SPDX-License-Identifier: MIT
import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {createWriteStream} from 'node:fs';
import {chmod, mkdir, mkdtemp, rm} from 'node:fs/promises';
import {createServer, type AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {makeCertificates, type Certificates} from './certificates.ts';
import {runs} from './runs.ts';

type Options = {
	readonly members?: number;
	readonly isTls?: boolean;
	/** As etcd takes them. */
	readonly flags?: readonly string[];
};

export type Member = {
	readonly name: string;
	readonly endpoint: string;
	start(): Promise<void>;
	/** Ends it as a machine that fails. */
	kill(): Promise<void>;
	/** It stands still, with its connections open. */
	pause(): void;
	resume(): void;
};

export type Cluster = {
	readonly dir: string;
	readonly members: readonly Member[];
	readonly endpoints: readonly string[];
	readonly certificates: Certificates | undefined;
	/** `etcdctl` against those members that are named, or all. */
	ctl(words: readonly string[], options?: Ctl): Promise<string>;
	put(key: string, value: string | Uint8Array, options?: Ctl): Promise<void>;
	/** A document that repeats a line, of so many bytes. */
	putLarge(key: string, line: string, bytes: number): Promise<void>;
	/** The member that leads. */
	leader(): Promise<Member>;
};

type Ctl = {
	readonly input?: string | Uint8Array;
	readonly members?: readonly Member[];
	readonly user?: string;
};

/** A real etcd, which ends with the test. */
export async function startCluster(
	t: Pick<ExecutionContext, 'teardown'>,
	{members: count = 3, isTls = false, flags = []}: Options = {},
): Promise<Cluster> {
	const dir = await mkdtemp(join(tmpdir(), 'coloop-etcd-'));
	const certificates = isTls ? await makeCertificates(join(dir, 'tls')) : undefined;
	const ports = await freePorts(2 * count);
	const scheme = isTls ? 'https' : 'http';
	const places = Array.from({length: count}, (_, index) => ({
		name: `m${index}`,
		endpoint: `${scheme}://127.0.0.1:${ports[2 * index]}`,
		peer: `http://127.0.0.1:${ports[2 * index + 1]}`,
	}));
	const initial = places.map(({name, peer}) => `${name}=${peer}`).join();
	const tls = certificates
		? [
				...['--cert-file', certificates.server.cert, '--key-file', certificates.server.key],
				...['--client-cert-auth', '--trusted-ca-file', certificates.ca],
			]
		: [];
	const members = places.map(({name, endpoint, peer}) =>
		createMember(dir, name, endpoint, [
			...['--name', name, '--data-dir', join(dir, name), '--initial-cluster', initial],
			...['--listen-client-urls', endpoint, '--advertise-client-urls', endpoint],
			...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
			...['--log-outputs', 'stderr', '--logger', 'zap'],
			...['--heartbeat-interval', '50', '--election-timeout', '500', ...tls, ...flags],
		]),
	);
	t.teardown(async () => {
		await Promise.all(members.map(member => member.kill()));
		await rm(dir, {recursive: true, force: true});
	});
	await Promise.all(members.map(member => member.start()));
	const cluster = clusterOf(dir, members, certificates);
	await settled(cluster);

	return cluster;
}

function clusterOf(
	dir: string,
	members: readonly Member[],
	certificates: Certificates | undefined,
): Cluster {
	const ctl: Cluster['ctl'] = async (words, {input, members: some = members, user} = {}) => {
		const of = some.map(({endpoint}) => endpoint).join();
		const tls = certificates
			? [
					...['--cacert', certificates.ca, '--cert', certificates.client.cert],
					...['--key', certificates.client.key],
				]
			: [];
		const as = user === undefined ? [] : ['--user', user];

		return await runs('etcdctl', ['--endpoints', of, ...tls, ...as, ...words], {
			...{input, env: {...process.env, ETCDCTL_API: '3'}},
		});
	};

	return {
		...{dir, members, certificates, ctl},
		endpoints: members.map(({endpoint}) => endpoint),
		async put(key, value, options) {
			await ctl(['put', key], {...options, input: value});
		},
		async putLarge(key, line, bytes) {
			const [endpoint = ''] = members.map(each => each.endpoint);
			await runs(process.execPath, [
				...['--input-type=module', '--eval', putLarge, endpoint, key, line, `${bytes}`],
			]);
		},
		async leader() {
			const text = await ctl(['endpoint', 'status', '-w', 'json']);
			const all = JSON.parse(text) as ReadonlyArray<{
				Endpoint: string;
				Status: {leader: number; header: {member_id: number}};
			}>;
			const led = all.find(({Status: {leader, header}}) => leader === header.member_id);
			const member = members.find(({endpoint}) => endpoint === led?.Endpoint);
			if (!member) {
				throw new Error(`no leader: ${text}`);
			}

			return member;
		},
	};
}

/** `etcdctl` takes neither nothing nor more than 2 MiB. In a process of its own: who reads it is measured. */
const putLarge = `
	const [endpoint, key, line, bytes] = process.argv.slice(1);
	const value = Buffer.from(('version: 1\\naccept:\\n' + line.repeat(bytes / line.length)).slice(0, bytes));
	const body = {key: Buffer.from(key).toString('base64'), value: value.toString('base64')};
	const response = await fetch(endpoint + '/v3/kv/put', {method: 'POST', body: JSON.stringify(body)});
	if (!response.ok) {
		throw new Error(await response.text());
	}
`;

async function settled({ctl}: Cluster): Promise<void> {
	for (let tries = 0; ; tries++) {
		try {
			await ctl(['endpoint', 'health']);

			return;
		} catch (error) {
			if (tries > 50) {
				throw error;
			}
			await new Promise(resolve => setTimeout(resolve, 200));
		}
	}
}

function createMember(
	dir: string,
	name: string,
	endpoint: string,
	words: readonly string[],
): Member {
	let child: ChildProcess | undefined;

	return {
		...{name, endpoint},
		async start() {
			await mkdir(join(dir, name), {recursive: true});
			await chmod(join(dir, name), 0o700);
			child = spawn('etcd', words, {stdio: ['ignore', 'ignore', 'pipe']});
			child.stderr?.pipe(createWriteStream(join(dir, `${name}.log`), {flags: 'a'}));
			await once(child, 'spawn');
		},
		async kill() {
			if (child && child.exitCode === null && child.signalCode === null) {
				const ended = once(child, 'exit');
				child.kill('SIGKILL');
				await ended;
			}
		},
		pause: () => void child?.kill('SIGSTOP'),
		resume: () => void child?.kill('SIGCONT'),
	};
}

async function freePorts(count: number): Promise<number[]> {
	const servers = await Promise.all(
		Array.from({length: count}, async () => {
			const server = createServer().listen(0, '127.0.0.1');
			await once(server, 'listening');

			return server;
		}),
	);
	const ports = servers.map(server => (server.address() as AddressInfo).port);
	await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))));

	return ports;
}
