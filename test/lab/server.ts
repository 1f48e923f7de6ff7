// SPDX-License-Identifier: MIT
import {rm} from 'node:fs/promises';
import net, {type Socket} from 'node:net';
import path from 'node:path';
import {once} from 'node:events';
import {LabError} from './errors.ts';
import type {Result} from './guest.ts';
import type {Lab} from './lab.ts';
import {cache} from './paths.ts';

/** What a lab that is kept open can be asked: one request per connection. */
export type Request =
	| {readonly verb: 'run'; readonly machine: string; readonly command: string}
	| {readonly verb: 'create'; readonly machine: string}
	| {readonly verb: 'ping'}
	| {readonly verb: 'push'}
	| {readonly verb: 'stop'};

export function socketPath(name: string): string {
	return path.join(cache, 'run', `${name}.sock`);
}

/** Answers requests until one says stop. */
export async function serve(lab: Lab, name: string): Promise<void> {
	const file = socketPath(name);
	await rm(file, {force: true});
	await new Promise<void>((resolve, reject) => {
		const server = net.createServer({allowHalfOpen: true}, socket => {
			void answer(lab, socket).then(stopped => {
				if (stopped) {
					server.close(() => resolve());
				}
			});
		});
		server.on('error', reject);
		server.listen(file);
		void lab.ended.then(() => reject(new LabError('QEMU ended')));
	});
	await rm(file, {force: true});
}

/** Asks a lab that another process keeps open. */
export async function ask(name: string, request: Request): Promise<Result> {
	const socket = net.connect(socketPath(name));
	socket.end(JSON.stringify(request));
	try {
		return parseResult(await wholeMessage(socket));
	} catch (error) {
		throw new LabError(`no answer from lab ${name}: is it started?`, {cause: error});
	}
}

async function answer(lab: Lab, socket: Socket): Promise<boolean> {
	socket.on('error', () => {});
	try {
		const request = parseRequest(await wholeMessage(socket));
		const result = await obey(lab, request);
		socket.end(JSON.stringify(result));

		return request.verb === 'stop';
	} catch (error) {
		socket.end(JSON.stringify({status: 255, stdout: '', stderr: `${String(error)}\n`}));

		return false;
	}
}

async function obey(lab: Lab, request: Request): Promise<Result> {
	const done = {status: 0, stdout: '', stderr: ''};
	switch (request.verb) {
		case 'run':
			return lab
				.get(request.machine)
				.run(request.command, {fails: 'maybe', timeout: 3_600_000});
		case 'create':
			await lab.create(request.machine);

			return done;
		case 'push':
			await lab.push();

			return done;
		case 'ping':
		case 'stop':
			return done;
	}
}

// Reading with an iterator would destroy the socket before it is answered.
async function wholeMessage(socket: Socket): Promise<unknown> {
	const chunks: Buffer[] = [];
	socket.on('data', chunk => chunks.push(chunk));
	await once(socket, 'end');

	return JSON.parse(Buffer.concat(chunks).toString());
}

function parseRequest(input: unknown): Request {
	const {verb, machine, command} = Object(input) as Record<string, unknown>;
	if (verb === 'ping' || verb === 'push' || verb === 'stop') {
		return {verb};
	}
	if (verb === 'create' && typeof machine === 'string') {
		return {verb, machine};
	}
	if (verb === 'run' && typeof machine === 'string' && typeof command === 'string') {
		return {verb, machine, command};
	}
	throw new LabError(`expected run, create, ping, push or stop, got ${JSON.stringify(input)}`);
}

function parseResult(input: unknown): Result {
	const {status, stdout, stderr} = Object(input) as Record<string, unknown>;
	if (typeof status === 'number' && typeof stdout === 'string' && typeof stderr === 'string') {
		return {status, stdout, stderr};
	}
	throw new LabError(`expected a result, got ${JSON.stringify(input)}`);
}
