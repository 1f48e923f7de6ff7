// SPDX-License-Identifier: MIT
import {ColoopError} from '../errors.ts';
import {eventQueue, type EventQueue} from '../event-queue.ts';
import {type NetlinkSocket, openSocket, SystemError} from '../netlink-js/index.ts';
import {
	buildRequest,
	type Message,
	messageFlags,
	messageTypes,
	parseMessages,
	type Request,
} from './message.ts';
import {refusal} from './errors.ts';

/** Requests and their answers; one at a time, in the order they were asked. */
export type Connection = {
	/** The answers of a request, or of a whole dump. A refusal is a ColoopError KERNEL. */
	request(request: Request): Promise<Message[]>;
	close(): void;
};

const dumpAttempts = 10;

export function connect(protocol: number): Connection {
	let take: (data: Uint8Array) => void = () => {};
	let fail: (error: unknown) => void = () => {};
	let sequence = 0;
	let last: Promise<unknown> = Promise.resolve();
	const socket = openSocket(protocol, {
		onData(data) {
			take(data);
		},
		onError(error) {
			fail(new ColoopError('KERNEL', 'the answer of the kernel was lost', {cause: error}));
		},
	});

	async function exchange(request: Request): Promise<Exchange> {
		sequence += 1;

		return await new Promise<Exchange>((resolve, reject) => {
			const answer = collect(request, sequence, resolve);

			take = data => {
				try {
					answer(data);
				} catch (error) {
					reject(error);
				}
			};
			fail = reject;
			socket.send(buildRequest(request, sequence));
		});
	}

	async function complete(request: Request): Promise<Message[]> {
		for (let attempt = 0; attempt < dumpAttempts; attempt++) {
			const {messages, interrupted} = await exchange(request);

			if (!interrupted) {
				return messages;
			}
		}
		throw new ColoopError('KERNEL', `a dump changed under us ${dumpAttempts} times in a row`);
	}

	return {
		async request(request) {
			const turn = last.then(() => complete(request));

			last = turn.catch(() => {});

			return await turn;
		},
		close() {
			fail(new ColoopError('KERNEL', 'the netlink socket was closed'));
			socket.close();
		},
	};
}

type Subscription<T> = {
	readonly protocol: number;
	readonly groups: readonly number[];
	/** Those that older kernels do not have. */
	readonly optionalGroups?: readonly number[];
	/** In bytes; by default the system's. */
	readonly receiveBuffer?: number;
	readonly signal: AbortSignal;
	/** Undefined leaves a message out; what it throws ends the iterator. */
	readonly parse: (message: Message) => T | undefined;
	/** Stands for messages that were lost. */
	readonly lost: T;
};

/** Multicast messages from now on, each as what `parse` makes of it. */
export function subscribe<T>(subscription: Subscription<T>): EventQueue<T> {
	const {
		protocol,
		groups,
		optionalGroups = [],
		receiveBuffer,
		signal,
		parse,
		lost,
	} = subscription;
	const socket = openSocket(
		protocol,
		{
			onData(data) {
				try {
					for (const message of parseMessages(data)) {
						const event = parse(message);

						if (event !== undefined) {
							queue.push(event);
						}
					}
				} catch (error) {
					queue.fail(error);
				}
			},
			onError: () => queue.push(lost),
		},
		{...(receiveBuffer !== undefined && {receiveBuffer})},
	);

	try {
		groups.forEach(group => socket.addMembership(group));
		optionalGroups.forEach(group => joinIfKnown(socket, group));
	} catch (cause) {
		socket.close();
		throw new ColoopError('KERNEL', 'cannot listen to netlink notifications', {cause});
	}
	const queue = eventQueue({signal, overflow: lost, stop: () => socket.close()});

	return queue;
}

/** The kernel answers EINVAL for a group beyond its last. */
function joinIfKnown(socket: NetlinkSocket, group: number): void {
	try {
		socket.addMembership(group);
	} catch (error) {
		if (!(error instanceof SystemError && error.code === 'EINVAL')) {
			throw error;
		}
	}
}

type Exchange = {readonly messages: Message[]; readonly interrupted: boolean};

/** Takes datagrams until the acknowledgement, or the end of the dump, has come. */
function collect(request: Request, sequence: number, finish: (exchange: Exchange) => void) {
	const messages: Message[] = [];
	let interrupted = false;

	return (datagram: Uint8Array) => {
		for (const message of parseMessages(datagram)) {
			if (message.sequence !== sequence) {
				continue;
			}
			interrupted ||= (message.flags & messageFlags.dumpInterrupted) !== 0;
			if (message.type !== messageTypes.error && message.type !== messageTypes.done) {
				messages.push(message);
				continue;
			}
			const error = refusal(message, message.type === messageTypes.done, request);

			if (error !== undefined) {
				throw error;
			}
			finish({messages, interrupted});
		}
	};
}
