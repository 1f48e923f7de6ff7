// SPDX-License-Identifier: MIT
import test from 'ava';
import {
	allowFixed,
	channelBetween,
	diverted,
	inTurn,
	isLive,
	load,
	patient,
	peer,
	start,
	takeBack,
	type Body,
} from '../channel.ts';
import type {Guest} from '../guest.ts';
import {Traffic} from '../traffic.ts';
import {until} from '../until.ts';
import {labWith} from '../with-lab.ts';

/** A test with a live channel between dom0 and b. */
function withDom0Channel(body: Body): Body {
	return async (t, given) => {
		const {lab, dom0, b} = given;
		await Promise.all([start(dom0, allowFixed('dom0', 'b')), start(b)]);
		await channelBetween(dom0, b);
		await body(t, given);
		await takeBack(lab);
	};
}

/** Bytes that a machine has put into its channel to a peer. */
async function sentBytes(machine: Guest, name: string): Promise<number> {
	return (await peer(machine, name))?.tx_bytes ?? 0;
}

const nginx = `user root;
	events {}
	http {
		server { listen 8080; root /tmp/www; dav_methods PUT; client_max_body_size 0; }
	}`;
const size = 20 << 20;
const slow = {timeout: 240_000};

const copies: Body = async (t, {dom0, b}) => {
	await b.push('/tmp/nginx.conf', nginx);
	await b.run('mkdir -p /tmp/www && nginx -c /tmp/nginx.conf');
	const make = `head -c ${size} /dev/urandom`;

	const down = await b.run(`${make} >/tmp/www/down && sha256sum </tmp/www/down`, slow);
	const before = await sentBytes(b, 'Domain-0');
	const got = await dom0.run(
		'curl -sS --fail b:8080/down >/tmp/got && sha256sum </tmp/got',
		slow,
	);
	t.is(got.stdout, down.stdout);
	t.true((await sentBytes(b, 'Domain-0')) - before > size);

	const up = await dom0.run(`${make} >/tmp/up && sha256sum </tmp/up`, slow);
	const beforePush = await sentBytes(dom0, 'b');
	await dom0.run('curl -sS --fail -T /tmp/up b:8080/up', slow);
	t.is((await b.run('sha256sum </tmp/www/up', slow)).stdout, up.stdout);
	t.true((await sentBytes(dom0, 'b')) - beforePush > size);
	await b.run('nginx -c /tmp/nginx.conf -s stop');
};

const moduleLeaves: Body = async (t, {dom0, b}) => {
	const traffic = await Traffic.start(dom0, b);
	const before = await diverted(dom0);
	await until('traffic is diverted', async () => (await diverted(dom0)) > before + 20);

	await dom0.run('rmmod coloop');
	await until('b has no channel', async () => !(await isLive(b, 'Domain-0')), patient);
	await traffic.flows();

	await load(dom0);
	await channelBetween(dom0, b);
	await until('traffic is diverted again', async () => (await diverted(dom0)) > 20);
	await traffic.flows();
	await traffic.stop();
	t.like(await peer(dom0, 'b'), {state: 'live'});
};

test(
	'dom0 and a guest have a channel like any two guests',
	labWith({mode: 'icount'}),
	withDom0Channel(
		inTurn({
			'a download and a push take it, intact': copies,
			'traffic outlives the module in dom0': moduleLeaves,
		}),
	),
);
