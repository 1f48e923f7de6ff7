// SPDX-License-Identifier: MIT
import {setTimeout as sleep} from 'node:timers/promises';
import {ask, askStatus} from '../control/client.ts';
import type {PeerStatus, Status, Want} from '../control/protocol.ts';
import {resolveName} from '../control/resolve.ts';
import {ColoopError} from '../errors.ts';

/** Takes a peer (or, in dom0, a pair) down. Answers what to say. */
export async function down(socket: string, names: readonly string[]): Promise<string> {
	await ask(socket, {op: 'down', names: [...names]});

	return `${names.join(' <-> ')}: down until \`coloop up ${names.join(' ')}\``;
}

/** Lets a pair come up again; opens a peer's channel and waits for it. */
export async function up(
	socket: string,
	names: readonly string[],
	seconds: number,
): Promise<string> {
	await ask(socket, {op: 'up', names: [...names]});
	const [name = '', other] = names;
	if (other !== undefined) {
		return `${name} <-> ${other}: may come up with the next packet`;
	}

	return untilLive(socket, name, performance.now() + seconds * 1000);
}

/** By a clock that nobody sets. */
async function untilLive(socket: string, name: string, deadline: number): Promise<string> {
	const want: Want = {peers: 'all', pairs: 'none', names: [name]};
	for (;;) {
		const peer = find(await askStatus(socket, want), name);
		if (peer?.state === 'live') {
			return `${name}: live`;
		}
		if (performance.now() >= deadline) {
			throw tooLate(name, peer);
		}
		/* The daemon answers requests one by one and tells no news by itself. */
		await sleep(100);
	}
}

function find({peers}: Status, given: string): PeerStatus | undefined {
	const named = peers.map(status => ({name: status.peer, domid: status.domid, status}));

	return resolveName(given, named)?.status;
}

function tooLate(name: string, peer: PeerStatus | undefined): ColoopError {
	const state = peer === undefined ? 'not announced' : peer.state;
	const reason = peer?.reason ? `: ${peer.reason}` : '';

	return new ColoopError('PEER', `${name}: no channel yet, ${state}${reason}`, {
		hint: `coloopd keeps trying; does ${name} run it too and accept us? coloop show ${name}`,
	});
}
