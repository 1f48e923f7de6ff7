// SPDX-License-Identifier: MIT
import {once} from 'node:events';
import {readdir} from 'node:fs/promises';
import {request} from 'node:http';
import {connect} from 'node:net';
import {text} from 'node:stream/consumers';
import test from 'ava';
import type {Status, Want} from '../../../userland/control/protocol.ts';
import {ColoopError} from '../../../userland/errors.ts';
import {createSource} from '../../../userland/ui/source.ts';
import {serveUi} from '../../../userland/ui/serve.ts';
import {root} from '../_modules.ts';

const status: Status = {
	...{version: '1', roles: [], domid: 1, module_loaded: null, module: null, pairs: null},
	...{policy_directory: null, policy_errors: [], problems: [], peers: []},
};

async function served(ask: (want: Want) => Promise<Status> = async () => status) {
	const asked: Want[] = [];
	const stop = new AbortController();
	const source = createSource(want => {
		asked.push(want);

		return ask(want);
	});
	let done = Promise.resolve();
	const place = {kind: 'loopback', host: '127.0.0.1', port: 0} as const;
	const port = await new Promise<number>(resolve => {
		done = serveUi(place, source, stop.signal, at => resolve(at ?? 0));
	});

	return {
		...{asked, port},
		async open(path: string, options = {}) {
			const sent = request({host: '127.0.0.1', port, path, agent: false, ...options}).end();
			const [response] = await once(sent, 'response');

			return response;
		},
		async stop() {
			stop.abort();
			await done;
		},
	};
}

test('every file of the page, as what it is, and nothing else', async t => {
	const {open, stop} = await served();
	const names = await readdir(`${root}userland/ui/page`);
	for (const name of names) {
		const response = await open(name === 'index.html' ? '/' : `/${name}`);
		t.is(response.statusCode, 200, name);
		t.is(response.headers['x-content-type-options'], 'nosniff');
		t.true((await text(response)).length > 100);
	}
	const page = await text(await open('/'));
	const used = [...page.matchAll(/(?:src|href)="\/([^"]+)"/g)].map(([, name]) => name ?? '');
	t.deepEqual(
		used.filter(name => !names.includes(name)),
		[],
	);
	t.notRegex(page, /https?:|<style|style=|onclick|<script>/);
	for (const path of ['/index.html', '/../package.json', '/%2e%2e/package.json', '/x', '//']) {
		t.is((await open(path)).statusCode, 404, path);
	}
	await stop();
});

test('nobody frames it, feeds it or leads a browser to it', async t => {
	const {open, port, stop} = await served();
	const {headers} = await open('/');
	const policy = headers['content-security-policy'];
	for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"]) {
		t.true(policy.includes(part));
	}
	t.notRegex(policy, /unsafe|\*|data:|http/);
	t.is(headers['cross-origin-resource-policy'], 'same-origin');
	t.is(headers['access-control-allow-origin'], undefined);
	for (const host of ['evil.example', 'evil.example:80', '127.0.0.1.evil.example', '10.0.0.1']) {
		const response = await open('/events', {headers: {host}});
		t.is(response.statusCode, 421, host);
	}
	for (const head of ['GET / HTTP/1.1\r\nHost:', 'GET / HTTP/1.1', 'GET / HTTP/1.0']) {
		const socket = connect(port, '127.0.0.1').end(`${head}\r\n\r\n`);
		t.regex(await text(socket), /^HTTP\/1\.1 4(00|21) /, head);
	}
	for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
		t.is((await open('/', {method})).statusCode, 405, method);
	}
	await stop();
});

test('events tell the scene, to all who listen, of one question', async t => {
	const {open, asked, stop} = await served();
	const streams = await Promise.all([open('/events'), open('/events')]);
	t.is(streams[0].headers['content-type'], 'text/event-stream');
	for (const stream of streams) {
		const [chunk] = await once(stream.setEncoding('utf8'), 'data');
		t.like(JSON.parse(chunk.replace(/^data: /, '')), {scene: {side: 'guest', version: '1'}});
	}
	t.is(asked.length, 1);
	t.deepEqual(asked[0], {peers: 'unless-pairs', pairs: 'some', domains: true});
	await stop();
});

test('nobody looks: nobody asks', async t => {
	const {open, asked, stop} = await served();
	const stream = await open('/events');
	await once(stream, 'data');
	stream.destroy();
	const before = asked.length;
	await new Promise(resolve => setTimeout(resolve, 2300));
	t.true(asked.length <= before);
	await stop();
});

test('why there is nothing to show', async t => {
	const {open, stop} = await served(async () => {
		throw new ColoopError('NO_DAEMON', 'coloopd does not answer', {hint: 'start it'});
	});
	const [chunk] = await once((await open('/events')).setEncoding('utf8'), 'data');
	t.deepEqual(JSON.parse(chunk.replace(/^data: /, '')), {
		...{error: 'coloopd does not answer', hint: 'start it'},
	});
	const pairs = await open('/pairs?of=1');
	t.is(pairs.statusCode, 502);
	t.like(JSON.parse(await text(pairs)), {error: 'coloopd does not answer'});
	await stop();
});

test('all pairs of one domain', async t => {
	const {open, asked, stop} = await served();
	t.deepEqual(JSON.parse(await text(await open('/pairs?of=7'))), {pairs: []});
	t.deepEqual(asked.at(-1)?.names, ['7']);
	for (const of of ['', 'a', '-1', '1;2', '123456']) {
		t.is((await open(`/pairs?of=${encodeURIComponent(of)}`)).statusCode, 400, of);
	}
	await stop();
});
