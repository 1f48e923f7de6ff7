// SPDX-License-Identifier: MIT
import {createServer, type RequestListener} from 'node:http';
import {once} from 'node:events';
import type {AddressInfo} from 'node:net';
import test, {type ExecutionContext} from 'ava';
import {follow, pauseAfter} from '../../../userland/fleet/follow.ts';
import type {Snapshot} from '../../../userland/fleet/snapshot.ts';
import {until} from '../_until.ts';

test('other members are asked soon, then ever more rarely, and never all at once', t => {
	const least = [0, 1, 2, 3, 4, 5, 10, 40].map(failures => pauseAfter(failures, 3, 0));
	t.deepEqual(least, [125, 125, 125, 125, 250, 500, 15_000, 15_000]);
	t.is(pauseAfter(40, 3, 1), 30_000);
	t.true(Number.isFinite(pauseAfter(1e6, 1, 1)));
});

async function serve(t: ExecutionContext, answer: RequestListener): Promise<string> {
	const server = createServer(answer).listen(0, '127.0.0.1');
	await once(server, 'listening');
	t.teardown(() => {
		server.closeAllConnections();
		server.close();
	});

	return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** What is heard of a server until the test ends. */
function hear(t: ExecutionContext, endpoint: string) {
	const stop = new AbortController();
	const read: Snapshot[] = [];
	const lost: string[] = [];
	const config = {
		...{endpoints: [endpoint], prefix: '/p/', login: undefined},
		tls: {ca: undefined, own: undefined},
	};
	const running = follow(
		config,
		{
			read: snapshot => void read.push(snapshot),
			lost: error => void lost.push(error instanceof Error ? error.message : String(error)),
		},
		stop.signal,
	);
	t.teardown(async () => {
		stop.abort();
		await running;
	});

	return {read, lost};
}

const garbage: ReadonlyArray<readonly [what: string, answer: RequestListener, said: RegExp]> = [
	['a page', (_, to) => void to.end('<html>'), /the answer to .* is none of etcd's/],
	['nothing', (_, to) => void to.end(), /none of etcd's/],
	['null', (_, to) => void to.end('null'), /none of etcd's/],
	['a list', (_, to) => void to.end('[]'), /none of etcd's/],
	['no header', (_, to) => void to.end('{"kvs":[]}'), /none of etcd's/],
	['numbers', (_, to) => void to.end('{"header":{"revision":7}}'), /none of etcd's/],
	['keys that are none', (_, to) => void to.end('{"header":{},"kvs":[7]}'), /none of etcd's/],
	['an error', (_, to) => void to.writeHead(500).end('{"error":"no","code":2}'), /: no$/],
	['the end', request => void request.socket.destroy(), /socket hang up/],
	[
		'half',
		(_, to) => void to.writeHead(200, {'content-length': 9}).write('{', () => to.destroy()),
		/broke/,
	],
	['too much', (_, to) => void to.end(' '.repeat(1_000_000)), /more than \d+ bytes/],
	[
		'a watch that is none',
		(request, to) => void to.end(request.url === '/v3/watch' ? '{}\n' : '{"header":{}}'),
		/\/v3\/watch is none of etcd's/,
	],
	[
		'a watch that fails',
		(request, to) =>
			void to.end(
				request.url === '/v3/watch'
					? '{"error":{"grpc_code":14,"message":"etcdserver: no leader"}}\n'
					: '{"header":{}}',
			),
		/etcdserver: no leader$/,
	],
	[
		'a watch that ends',
		(request, to) => void to.end(request.url === '/v3/watch' ? '' : '{"header":{}}'),
		/ended its watch$/,
	],
];

for (const [what, answer, said] of garbage) {
	test(`a member that answers with ${what} is told of, and asked again`, async t => {
		let asked = 0;
		const endpoint = await serve(t, (request, to) => {
			asked += 1;
			answer(request, to);
		});
		const {lost} = hear(t, endpoint);
		await until(what, () => lost.length > 1);
		t.regex(lost[0] ?? '', said);
		t.true((lost[0] ?? '').startsWith(endpoint));
		t.true(asked >= 2);
	});
}

test('a member that never answers is given up after some seconds', async t => {
	const {lost} = hear(t, await serve(t, () => {}));
	await until('given up', () => lost.length > 0);
	t.regex(lost[0] ?? '', /no answer within 5 s$/);
});

test('a member that begins to answer and stops is given up too', async t => {
	const {lost} = hear(t, await serve(t, (_, to) => void to.write('{"header":')));
	await until('given up', () => lost.length > 0);
	t.regex(lost[0] ?? '', /stopped/);
});

test('lines of a watch that are too long to keep are a change all the same', async t => {
	let reads = 0;
	const endpoint = await serve(t, (request, to) => {
		if (request.url === '/v3/watch') {
			to.write('{"result":{"header":{"revision":"1"},"created":true}}\n');
			to.write(`{"result":{"events":"${'x'.repeat(3_000_000)}"}}\n`);
		} else {
			to.end(`{"header":{"revision":"${++reads}"}}`);
		}
	});
	const {read, lost} = hear(t, endpoint);
	await until('read again', () => read.length === 2);
	t.deepEqual(
		read.map(({revision}) => revision),
		[1, 2],
	);
	t.deepEqual(lost, []);
});

test('nothing that was read of a member before is believed of one after it', async t => {
	const value = (text: string) => Buffer.from(text).toString('base64');
	let life = 0;
	const endpoint = await serve(t, (request, to) => {
		if (request.url === '/v3/watch') {
			life += 1;
			to.end();

			return;
		}
		const kv = {key: value('/p/1.yaml'), mod_revision: '2', value: value(`life ${life}`)};
		to.end(JSON.stringify({header: {revision: '2'}, kvs: [kv]}));
	});
	const {read} = hear(t, endpoint);
	await until('two lives', () => read.length >= 2);
	t.deepEqual(
		read.slice(0, 2).map(({documents}) => String(documents[0]?.content)),
		['life 0', 'life 1'],
	);
});
