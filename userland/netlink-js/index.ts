// SPDX-License-Identifier: MIT
import {constants} from 'node:os';
import {load, type Native, type NativeCallback} from './load.ts';

/** A failed system call; `code` is its name, such as `ENOBUFS` where messages were lost. */
export class SystemError extends Error {
	override readonly name = 'SystemError';
	readonly code: string;
	readonly errno: number;
	readonly syscall: string;

	constructor(syscall: string, errno: number) {
		const code = errnoName(errno);

		super(`${syscall}: ${code}`);
		this.code = code;
		this.errno = errno;
		this.syscall = syscall;
	}
}

/** Called from the event loop, one message (or one read of a device) at a time. */
export type Handlers = {
	readonly onData: (data: Uint8Array) => void;
	/** The descriptor stays open: after `ENOBUFS` more messages follow. */
	readonly onError: (error: Error) => void;
};

export type NetlinkSocket = {
	/** Our address, as the kernel numbered it. */
	readonly port: number;
	addMembership(group: number): void;
	dropMembership(group: number): void;
	send(data: Uint8Array): void;
	close(): void;
};

export type Device = {
	/** What the device does not take now is kept, in order, and written when it does. */
	write(data: Uint8Array): void;
	close(): void;
};

/**
 * A netlink socket that asks for extended acknowledgements, without the request in them, and for
 * strict checking. Messages that do not come from the kernel are dropped.
 */
export function openSocket(
	protocol: number,
	handlers: Handlers,
	{receiveBuffer = 0}: {receiveBuffer?: number} = {},
): NetlinkSocket {
	expectInteger(protocol, 'protocol');
	expectInteger(receiveBuffer, 'receiveBuffer');
	const socket = new (native().Socket)(protocol, receiveBuffer, callback(handlers));

	return {
		port: socket.port(),
		addMembership(group) {
			expectInteger(group, 'group');
			socket.addMembership(group);
		},
		dropMembership(group) {
			expectInteger(group, 'group');
			socket.dropMembership(group);
		},
		send(data) {
			expectBytes(data);
			socket.send(data);
		},
		close() {
			socket.close();
		},
	};
}

/** Opens a character device, a FIFO or anything else that can be polled, to read and to write. */
export function openDevice(path: string, handlers: Handlers): Device {
	expectPath(path);
	const device = new (native().Device)(path, callback(handlers));

	return {
		write(data) {
			expectBytes(data);
			device.write(data);
		},
		close() {
			device.close();
		},
	};
}

/**
 * Sends one datagram to a socket of the file system, or, where `path` begins with `@`, of the abstract
 * names. Waits while the receiver's queue is full. Throws SystemError: `ENOENT`, `ECONNREFUSED` where
 * nobody listens.
 */
export function sendDatagram(path: string, data: Uint8Array): void {
	expectPath(path);
	expectBytes(data);
	native().sendDatagram(path, data);
}

/** A BPF program; the name is empty where it was loaded without one. */
export type Program = {readonly id: number; readonly name: string};

/**
 * The programs that are attached to a network device at one place, in their order; `attachType` is the
 * kernel's `enum bpf_attach_type`. Throws SystemError: `EINVAL` where the kernel knows no such place,
 * `ENODEV` where there is no such device.
 */
export function attachedPrograms(ifindex: number, attachType: number): readonly Program[] {
	expectInteger(ifindex, 'ifindex');
	expectInteger(attachType, 'attachType');

	return native().attached(ifindex, attachType);
}

/** A BPF program that a link holds where it is: at a device by `target`, or, of netfilter, at a family's hook. */
export type LinkedProgram = Program & {readonly target: number; readonly hook: number};

/**
 * The programs of all links of one type, the kernel's `enum bpf_link_type`, in whatever network
 * namespace: the kernel does not tell in which. Throws SystemError: `EINVAL` where it knows no links,
 * `ENOSYS` where it has no BPF.
 */
export function linkedPrograms(linkType: number): readonly LinkedProgram[] {
	expectInteger(linkType, 'linkType');

	return native().linked(linkType);
}

/** Not before the first use, so that programs start, and say what is missing, without the addon. */
function native(): Native {
	if (loaded === undefined) {
		const addon = load();

		addon.setup(SystemError);
		loaded = addon;
	}

	return loaded;
}

let loaded: Native | undefined;

/** libuv's own names leave out some that the kernel uses, such as ESTALE. */
function errnoName(errno: number): string {
	const known = Object.entries(constants.errno).find(([, number]) => number === errno);

	return known?.[0] ?? `errno ${errno}`;
}

function callback({onData, onError}: Handlers): NativeCallback {
	return (error, data) => {
		if (error !== undefined) {
			onError(error);
		} else if (data !== undefined) {
			onData(data);
		}
	};
}

function expectInteger(value: number, name: string): void {
	if (!Number.isInteger(value) || value < 0 || value > 0x7fff_ffff) {
		throw new TypeError(`${name}: expected an integer from 0 to 2147483647, got ${value}`);
	}
}

function expectPath(path: string): void {
	if (typeof path !== 'string') {
		throw new TypeError(`path: expected a string, got ${typeof path}`);
	}
	if (path.includes('\0')) {
		throw new TypeError(
			'path: expected no NUL characters, where the kernel would stop reading',
		);
	}
}

function expectBytes(value: Uint8Array): void {
	if (!(value instanceof Uint8Array)) {
		throw new TypeError(`data: expected a Uint8Array, got ${typeof value}`);
	}
}
