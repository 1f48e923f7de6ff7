// SPDX-License-Identifier: MIT
import {existsSync} from 'node:fs';
import {createConnection, type Socket} from 'node:net';
import {setTimeout as sleep} from 'node:timers/promises';
import {ColoopError} from '../errors.ts';
import {openDevice, SystemError} from '../netlink-js/index.ts';
import {bodyMax, socketBodyMax} from './wire.ts';

/** Bytes to and from xenstored. */
export type Transport = {
	/**
	 * The kernel's device keeps the request of an open file in one buffer until xenstored takes it:
	 * a second request before the first answer would overwrite the first.
	 */
	readonly oneAtATime: boolean;
	/** How many bytes the body of an answer may have. */
	readonly bodyMax: number;
	/** May throw what the kernel's device says against a watch. */
	send(bytes: Uint8Array): void;
	close(): void;
};

export type Listener = {
	readonly onData: (bytes: Uint8Array) => void;
	/** Called once; nothing follows. */
	readonly onEnd: (cause: unknown) => void;
};

/** Where XenStore may be: in dom0, in a guest. */
export const places = {
	sockets: ['/var/run/xenstored/socket', '/run/xenstored/socket'],
	devices: ['/dev/xen/xenbus', '/proc/xen/xenbus'],
};

/**
 * xenstored's socket where there is one, else the kernel's device. Where xenstored has died, the
 * device would take requests all the same, with nobody to answer them.
 */
export async function openTransport(
	listener: Listener,
	{sockets, devices} = places,
): Promise<Transport> {
	const failures: unknown[] = [];

	for (const path of sockets.filter(each => existsSync(each))) {
		try {
			return await openUnixSocket(path, listener);
		} catch (error) {
			failures.push(error);
		}
	}
	for (const path of failures.length > 0 ? [] : devices.filter(each => existsSync(each))) {
		try {
			return openKernelDevice(path, listener);
		} catch (error) {
			failures.push(error);
		}
	}
	if (failures.length === 0) {
		throw new ColoopError('NO_XEN', 'this machine has no XenStore', {
			hint: `expected one of ${[...sockets, ...devices].join(', ')}`,
		});
	}
	throw new ColoopError('STORE', `XenStore cannot be reached: ${String(failures[0])}`, {
		cause: failures[0],
		hint: 'xenstored must run, and only root may talk to it',
	});
}

export async function openUnixSocket(path: string, listener: Listener): Promise<Transport> {
	const socket = await connect(path);

	socket.on('data', listener.onData);
	socket.once('error', cause => socket.destroy(cause));
	socket.once('close', () => listener.onEnd(socket.errored));

	return {
		oneAtATime: false,
		bodyMax: socketBodyMax,
		send: bytes => void socket.write(bytes),
		close: () => socket.destroy(),
	};
}

/* In milliseconds: between two tries, and in all. */
const busyPeriod = 20;
const busyMost = 5000;

/**
 * Both xenstoreds listen with a backlog of 1. While that is full, connect(2) waits, as libxenstore's does; a
 * socket that may not wait, as Node's, gets EAGAIN, and nothing tells when there is room: unix(7).
 */
async function connect(path: string): Promise<Socket> {
	for (let waited = 0; ; waited += busyPeriod) {
		try {
			return await connectNow(path);
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || waited >= busyMost) {
				throw error;
			}
			await sleep(busyPeriod);
		}
	}
}

function connectNow(path: string): Promise<Socket> {
	return new Promise((resolve, reject) => {
		const socket = createConnection(path, () => {
			socket.off('error', reject);
			resolve(socket);
		});
		socket.once('error', reject);
	});
}

function openKernelDevice(path: string, {onData, onEnd}: Listener): Transport {
	const device = openDevice(path, {
		onData,
		onError(cause) {
			device.close();
			onEnd(cause);
		},
	});

	return {
		oneAtATime: true,
		bodyMax,
		send: bytes => device.write(bytes),
		close: () => device.close(),
	};
}

/** The name of the error, where the device refused to take a message. */
export function deviceRefusal(error: unknown): string | undefined {
	return error instanceof SystemError ? error.code : undefined;
}

/** Whether this machine has a XenStore to talk to; it may not answer. */
export function hasXenStore({sockets, devices} = places): boolean {
	return [...sockets, ...devices].some(each => existsSync(each));
}
