// SPDX-License-Identifier: MIT
//
// drive.mjs: the module's control interface, a line of JSON in, a line of JSON out, for tests that
// want more of it than a daemon would ask, and faster. Knows no XenStore and no policy.
import {readFileSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {createInterface} from 'node:readline';
import type {Readable, Writable} from 'node:stream';
import {setTimeout as pause} from 'node:timers/promises';
import {ColoopError} from '../../../userland/errors.ts';
import {openKernel} from '../../../userland/kernel/client.ts';
import type {Kernel, Peer} from '../../../userland/kernel/kernel.ts';
import {cycle} from './cycle.ts';
import type {Request} from './drive-requests.ts';

const evil = '/sys/kernel/debug/coloop-evil/do';
let kernel: Promise<Kernel> | undefined;

/** The module may have come since the last request. */
async function opened(): Promise<Kernel> {
	kernel ??= openKernel();
	try {
		return await kernel;
	} catch (error) {
		kernel = undefined;
		throw error;
	}
}

async function obey(request: Request): Promise<unknown> {
	const module = await opened();
	switch (request.op) {
		case 'peer': {
			const {domid} = request.config;
			const known = (await module.peers()).some(peer => peer.domid === domid);

			return known ? module.peerSet(request.config) : module.peerNew(request.config);
		}
		case 'forget':
			return module.peerDelete(request.domid);
		case 'offer':
			return module.offer(request.domid, request.epoch, request.options);
		case 'attach':
			return module.attach(request.domid, request.epoch, request.offer);
		case 'attach-often':
			return attachOften(module, request);
		case 'close':
			return module.close(request.domid);
		case 'state':
			return channelOf(module, request.domid);
		case 'reaches':
			return reaches(module, request.domid, request.states, request.ms);
		case 'info':
			return module.info();
		case 'serve':
			return listen(request.port);
		case 'cycle':
			return cycle(obey, request.count, request.ends);
		case 'evil':
			return doEvil(request.command);
	}
}

/** What the peer's page says at each look; where it says something good, begin again. */
async function attachOften(
	module: Kernel,
	request: Extract<Request, {op: 'attach-often'}>,
): Promise<Record<string, number>> {
	const said: Record<string, number> = {};
	for (let time = 0; time < request.times; time++) {
		const sentence = await attachOnce(module, request);
		said[sentence] = (said[sentence] ?? 0) + 1;
	}

	return said;
}

async function attachOnce(
	module: Kernel,
	{domid, epoch, offer: theirs, order}: Extract<Request, {op: 'attach-often'}>,
): Promise<string> {
	const {state} = await channelOf(module, domid);
	if (state !== 'offered') {
		await module.close(domid);
		await module.offer(domid, epoch, {listen: true, order});
	}
	try {
		await module.attach(domid, epoch, theirs);

		return 'attached';
	} catch (error) {
		// Numbers are the liar's; sentences are ours.
		return `${error instanceof Error ? error.message : String(error)}`.replaceAll(/\d+/g, 'N');
	}
}

async function channelOf(module: Kernel, domid: number): Promise<NonNullable<Peer['channel']>> {
	const channel = (await module.peers()).find(peer => peer.domid === domid)?.channel;
	if (channel) {
		return channel;
	}
	throw new ColoopError('KERNEL', `domain ${domid} is no peer`);
}

async function reaches(module: Kernel, domid: number, states: readonly string[], ms: number) {
	const deadline = Date.now() + ms;
	for (;;) {
		const channel = await channelOf(module, domid);
		if (states.includes(channel.state)) {
			return channel;
		}
		if (Date.now() > deadline) {
			throw new ColoopError('KERNEL', `${channel.state}, ${channel.reason} after ${ms} ms`);
		}
		await pause(1);
	}
}

function doEvil(command: string): string {
	try {
		writeFileSync(evil, command);
	} catch (cause) {
		throw new Error(`${command}: ${readFileSync(evil, 'utf8').trim()}`, {cause});
	}

	return readFileSync(evil, 'utf8').trim();
}

/** Written by drive.ts of the lab, which has no reason to lie. */
function parseRequest(line: string): Request {
	return JSON.parse(line) as Request;
}

function render(value: unknown): string {
	return JSON.stringify(value, (_, each: unknown) =>
		typeof each === 'bigint' ? Number(each) : each,
	);
}

async function listen(port: number): Promise<void> {
	const server = createServer(socket => {
		socket.on('error', () => {});
		void answer(socket, socket);
	});
	await new Promise<void>(resolve => server.listen(port, resolve));
}

async function answer(from: Readable, to: Writable): Promise<void> {
	for await (const line of createInterface({input: from})) {
		const answer = await obey(parseRequest(line)).then(
			value => ({ok: true, value: value ?? null}),
			(error: unknown) => ({
				ok: false,
				message: error instanceof Error ? error.message : String(error),
			}),
		);
		to.write(`${render(answer)}\n`);
	}
}

await answer(process.stdin, process.stdout);
process.exit();
