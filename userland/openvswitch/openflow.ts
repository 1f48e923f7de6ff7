// SPDX-License-Identifier: MIT
import {connect as connectSocket} from 'node:net';
import {ColoopError} from '../errors.ts';
import {
	buildMessage,
	flowMonitor,
	headerLength,
	kinds,
	monitorXid,
	parseFragments,
	parsePorts,
	portDescriptions,
	stats,
	version,
} from './openflow-messages.ts';
import type {Settings} from './types.ts';

/**
 * OpenFlow 1.0 to a bridge, over its management socket, as far as it takes to hear that flows change and
 * to read what no flow says. The flows themselves are ovs-ofctl's to read: an old version of the
 * protocol does not show meters.
 */
export type OpenFlow = {
	settings(): Promise<Settings>;
	/** Resolves once changes of flows are told from here on. */
	watchFlows(): Promise<void>;
	close(): void;
};

type OpenFlowOptions = {
	/** Flows have changed, or may have. */
	readonly changed: () => void;
	/** The connection is over, for whatever reason but `close()`. */
	readonly lost: (error: Error) => void;
	/** Milliseconds for an answer. */
	readonly timeout?: number;
};

export function openOpenFlow(path: string, options: OpenFlowOptions): OpenFlow {
	const {timeout = 2000, changed} = options;
	/* Who listens does not keep the process from its end; who waits for an answer does. */
	const socket = connectSocket(path).unref();
	const waiting = new Map<number, Request>();
	let received: Buffer = Buffer.alloc(0);
	let lastXid = 0;
	let over: Error | undefined;

	const fail = (cause: Error) => {
		if (over === undefined) {
			over = cause;
			socket.destroy();
			waiting.forEach(({reject}) => reject(cause));
			options.lost(cause);
		}
	};
	const send = (kind: number, xid: number, body?: Uint8Array) =>
		socket.write(buildMessage(kind, xid, body));
	const ask = (kind: number, body?: Uint8Array) =>
		new Promise<Buffer>((resolve, reject) => {
			if (over) {
				reject(over);

				return;
			}
			const timer = setTimeout(() => fail(new Error('no answer in time')), timeout);
			const settle = () => clearTimeout(timer);
			const xid = ++lastXid;
			waiting.set(xid, {
				parts: [],
				resolve: answer => (settle(), resolve(answer)),
				reject: error => (settle(), reject(error)),
			});
			send(kind, xid, body);
		});
	const take = (message: Buffer) => {
		const kind = message.readUInt8(1);
		const xid = message.readUInt32BE(4);

		if (message.readUInt8(0) !== version && kind === kinds.error) {
			fail(new Error('it does not speak OpenFlow 1.0'));
		} else if (kind === kinds.echoRequest) {
			send(kinds.echoReply, xid, message.subarray(headerLength));
		} else if (xid === monitorXid) {
			if (kind === kinds.error) {
				fail(new Error('it cannot tell when flows change'));
			}
		} else if (kind !== kinds.hello && !answers(waiting, kind, xid, message)) {
			changed();
		}
	};

	socket.on('data', chunk => {
		received = Buffer.concat([received, chunk]);
		for (;;) {
			const length = received.length < headerLength ? Infinity : received.readUInt16BE(2);
			if (length < headerLength) {
				fail(new Error('a message is too short'));
			}
			if (over || received.length < length) {
				return;
			}
			take(received.subarray(0, length));
			received = received.subarray(length);
		}
	});
	socket.on('error', fail);
	socket.on('close', () => fail(new Error('the connection was closed')));
	send(kinds.hello, 0);

	return {
		async settings() {
			const [config, ports] = await Promise.all([
				ask(kinds.getConfigRequest),
				ask(kinds.statsRequest, stats(portDescriptions)),
			]);

			return {fragments: parseFragments(config), forbids: parsePorts(ports)};
		},
		async watchFlows() {
			send(kinds.statsRequest, monitorXid, flowMonitor());
			await ask(kinds.barrierRequest);
		},
		close() {
			over ??= new Error('closed');
			socket.destroy();
			waiting.forEach(({reject}) => reject(new Error('closed')));
		},
	};
}

type Request = {
	/** Of an answer in several messages, what has come. */
	readonly parts: Buffer[];
	resolve(body: Buffer): void;
	reject(error: Error): void;
};

/** Gives an answer to whom it is for; false where nobody asked for it. */
function answers(
	waiting: Map<number, Request>,
	kind: number,
	xid: number,
	message: Buffer,
): boolean {
	const request = waiting.get(xid);
	if (request === undefined) {
		return false;
	}
	if (kind === kinds.error) {
		const what = message.subarray(headerLength, headerLength + 4).toString('hex');
		request.reject(new ColoopError('FIREWALL', `the switch answered with error ${what}`));
	} else if (kind === kinds.statsReply) {
		request.parts.push(message.subarray(headerLength + 4));
		/* More of it follows. */
		if ((message.readUInt16BE(headerLength + 2) & 1) !== 0) {
			return true;
		}
		request.resolve(Buffer.concat(request.parts));
	} else {
		request.resolve(message.subarray(headerLength));
	}
	waiting.delete(xid);

	return true;
}
