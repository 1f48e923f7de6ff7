// SPDX-License-Identifier: MIT
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';
import {env} from 'node:process';
import {fileURLToPath} from 'node:url';

/** Exactly one of the two is given. */
export type NativeCallback = (error: Error | undefined, data: Uint8Array | undefined) => void;

type NativeSocket = {
	port(): number;
	addMembership(group: number): void;
	dropMembership(group: number): void;
	send(data: Uint8Array): void;
	close(): void;
};

type NativeDevice = {
	write(data: Uint8Array): void;
	close(): void;
};

type NativeProgram = {readonly id: number; readonly name: string};

/** What netlink.cc exports. */
export type Native = {
	setup(systemError: new (syscall: string, errno: number) => Error): void;
	readonly Socket: new (
		protocol: number,
		receiveBuffer: number,
		callback: NativeCallback,
	) => NativeSocket;
	readonly Device: new (path: string, callback: NativeCallback) => NativeDevice;
	sendDatagram(path: string, data: Uint8Array): void;
	attached(ifindex: number, attachType: number): NativeProgram[];
	linked(
		linkType: number,
	): Array<NativeProgram & {readonly target: number; readonly hook: number}>;
};

/** Loads netlink.node, or throws an error that names every path tried and what was wrong there. */
export function load(): Native {
	const require = createRequire(import.meta.url);
	const failures: string[] = [];

	for (const path of candidates(dirname(fileURLToPath(import.meta.url)))) {
		try {
			return require(path) as Native;
		} catch (error) {
			failures.push(`${path}: ${firstLine(error)}`);
		}
	}
	throw new Error(`cannot load netlink.node; tried\n  ${failures.join('\n  ')}`);
}

/** Installed beside the bundle, built in this package, or compiled into build/ts of the tree. */
function candidates(here: string): string[] {
	const chosen = env['COLOOP_ADDON_DIR'];

	return [
		...(chosen === undefined ? [] : [chosen]),
		here,
		join(here, 'build'),
		join(here, '..', 'build'),
		join(here, '../../../../userland/netlink-js/build'),
	].map(directory => join(directory, 'netlink.node'));
}

function firstLine(error: unknown): string {
	return String(error instanceof Error ? error.message : error).split('\n', 1)[0] ?? '';
}
