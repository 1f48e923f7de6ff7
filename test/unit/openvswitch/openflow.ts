// SPDX-License-Identifier: MIT
import type {Socket} from 'node:net';
import test from 'ava';
import {openOpenFlow} from '../../../userland/openvswitch/openflow.ts';
import {listen} from './_server.ts';

/** A message of OpenFlow. */
function message(kind: number, xid: number, body: Uint8Array = new Uint8Array(), version = 1) {
	const header = Buffer.alloc(8);
	header.writeUInt8(version, 0);
	header.writeUInt8(kind, 1);
	header.writeUInt16BE(8 + body.length, 2);
	header.writeUInt32BE(xid, 4);

	return Buffer.concat([header, body]);
}

/** struct ofp10_phy_port. */
function port(number: number, config: number) {
	const body = Buffer.alloc(48);
	body.writeUInt16BE(number, 0);
	body.writeUInt32BE(config, 24);

	return body;
}

/** Answers each request by its kind; a switch says hello first. */
function serve(
	answers: Readonly<Record<number, (socket: Socket, xid: number, body: Buffer) => void>>,
) {
	return (socket: Socket) => {
		socket.write(message(0, 0));
		let received = Buffer.alloc(0);
		socket.on('data', data => {
			received = Buffer.concat([received, data]);
			while (received.length >= 8) {
				const length = received.readUInt16BE(2);
				const body = received.subarray(8, length);
				answers[received.readUInt8(1)]?.(socket, received.readUInt32BE(4), body);
				received = received.subarray(length);
			}
		});
	};
}

const quiet = {changed: () => {}, lost: () => {}, timeout: 200};

test('settings: fragments, and ports of an answer in two parts, cut anywhere', async t => {
	const path = await listen(
		t,
		serve({
			7: (socket, xid) => socket.write(message(8, xid, Buffer.from([0, 1, 0, 0]))),
			16: (socket, xid) => {
				const parts = Buffer.concat([
					message(17, xid, Buffer.concat([Buffer.from([0, 13, 0, 1]), port(1, 1 << 4)])),
					message(
						17,
						xid,
						Buffer.concat([Buffer.from([0, 13, 0, 0]), port(2, 0), port(65534, 0x24)]),
					),
				]);
				socket.write(parts.subarray(0, 70));
				setTimeout(() => socket.write(parts.subarray(70)), 10);
			},
		}),
	);
	const connection = openOpenFlow(path, quiet);

	t.deepEqual(await connection.settings(), {
		fragments: 'drop',
		forbids: new Map([
			[1, ['no-flood']],
			[65534, ['no-receive', 'no-forward']],
		]),
	});
	connection.close();
});

test('the monitor asks for all flows, and what comes after it is a change', async t => {
	let asked = '';
	let tell: () => void = () => {};
	const path = await listen(
		t,
		serve({
			16: (socket, xid, body) => {
				asked = body.toString('hex');
				socket.write(message(17, xid, Buffer.alloc(16)));
			},
			18: (socket, xid) => {
				socket.write(message(19, xid));
				tell = () => socket.write(message(17, 0, Buffer.alloc(40)));
			},
		}),
	);
	let changes = 0;
	let heard = () => {};
	const changed = () => {
		changes += 1;
		heard();
	};

	await openOpenFlow(path, {...quiet, changed}).watchFlows();
	t.is(changes, 0);
	const change = new Promise<void>(resolve => (heard = resolve));
	tell();
	await change;
	t.is(changes, 1);

	/* As ovs-ofctl 3.1 sends it, but for what is there already. */
	t.is(asked, `ffff0000${'00002320'}${'00000002'}00000000${'00000001'}003effff0000ff0000000000`);
});

test('an echo is answered with what it holds', async t => {
	const answer = new Promise<string>(resolve => {
		const server = serve({3: (_, xid, body) => resolve(`${xid} ${body}`)});
		void listen(t, socket => {
			server(socket);
			socket.write(message(2, 77, Buffer.from('here')));
		}).then(path => openOpenFlow(path, quiet));
	});

	t.is(await answer, '77 here');
});

test('a switch of another version, one that cannot monitor, nonsense and silence', async t => {
	const newer = await listen(t, socket => {
		socket.write(message(0, 0, undefined, 4));
		socket.write(message(1, 0, Buffer.alloc(4), 4));
	});
	const plain = await listen(
		t,
		serve({16: (socket, xid) => socket.write(message(1, xid, Buffer.alloc(4)))}),
	);
	const short = await listen(t, socket => socket.write(Buffer.from([1, 0, 0, 4, 0, 0, 0, 0])));
	const silent = await listen(t, serve({}));
	/* Who answers has as long as it takes on a busy machine. */
	const fails = (path: string, pattern: RegExp, timeout = 30_000) =>
		t.throwsAsync(openOpenFlow(path, {...quiet, timeout}).watchFlows(), {message: pattern});

	await fails(newer, /does not speak OpenFlow 1\.0/);
	await fails(plain, /cannot tell when flows change/);
	await fails(short, /too short/);
	await fails(silent, /no answer in time/, 200);
	await fails('/nowhere/br0.mgmt', /ENOENT/);
});
