// SPDX-License-Identifier: MIT
import {execFile} from 'node:child_process';
import {once} from 'node:events';
import {mkdir, rm, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {storeOver} from '../../../userland/xenstore/client.ts';
import {domainPath} from '../../../userland/xenstore/paths.ts';
import {connectRequests, type Requests} from '../../../userland/xenstore/requests.ts';
import type {Store} from '../../../userland/xenstore/store.ts';
import {
	openUnixSocket,
	type Listener,
	type Transport,
} from '../../../userland/xenstore/transport.ts';
import {terminated} from '../../../userland/xenstore/wire.ts';
import type {Namespace} from './namespace.ts';
import {until} from './until.ts';
import type {Xenstored} from './xenstored.ts';

/** Debian's: the one in C, and the one in OCaml that is the default. */
export type Kind = 'xenstored' | 'oxenstored';

/** XS_INTRODUCE of xs_wire.h, which only toolstacks send. */
const introduce = 8;

/* Only what has to differ from the default: no log, and places that are ours. */
const config = `
persistent = false
pid-file = /run/xenstored/pid
xenstored-log-file = /run/xenstored/log
access-log-file = /run/xenstored/access
xenstored-kva = /run/domains/xsd_kva
xenstored-port = /run/domains/xsd_port
`;

const setup = fileURLToPath(new URL('../../../../../test/setup/xenstored.sh', import.meta.url));

/** A real xenstored; what it would ask of Xen is answered by ../xen/shim.c. */
export async function startReal(kind: Kind, namespace: Namespace): Promise<Xenstored> {
	const folder = (await promisify(execFile)(setup)).stdout.trim();
	const inside = join(namespace.run, 'domains');
	await mkdir(join(namespace.run, 'xenstored'));
	await mkdir(inside);
	await writeFile(join(inside, 'xsd_port'), '1');
	await writeFile(join(inside, 'xsd_kva'), Buffer.alloc(4096));
	await writeFile(join(inside, '0'), '');
	await writeFile(join(inside, 'oxenstored.conf'), config);

	const argv = {
		xenstored: ['--no-fork', '--pid-file', '/run/xenstored/pid'],
		oxenstored: ['--no-fork', '--config-file', '/run/domains/oxenstored.conf'],
	};
	const child = namespace.start([join(folder, kind), ...argv[kind]], {
		stdio: ['ignore', 'ignore', 'inherit'],
		env: {
			LD_LIBRARY_PATH: folder,
			COLOOP_DOMAINS: '/run/domains',
			XENSTORED_ROOTDIR: '/run/xenstored',
			XENSTORED_RUNDIR: '/run/xenstored',
		},
	});
	const ended = once(child, 'exit');
	const socket = join(namespace.run, 'xenstored/socket');
	const open = async () => await connectRequests(listener => openUnixSocket(socket, listener));
	let toolstack: Requests | undefined;
	await until(`${kind} answers`, async () => {
		toolstack = await open().catch(() => undefined);

		return toolstack !== undefined || child.exitCode !== null;
	});
	if (toolstack === undefined) {
		throw new Error(`${kind} ended with ${child.exitCode}`);
	}
	const requests = toolstack;
	const xen = storeOver(requests);
	const guests = new Map<number, Promise<Store>>();

	return {
		requests: {},
		async connect(domid) {
			if (domid === 0) {
				return storeOver(await open());
			}
			const known = guests.get(domid) ?? connectAs(domid, join(inside, 'socket'));
			guests.set(domid, known);

			return await known;
		},
		async introduce(domid, name) {
			await writeFile(join(inside, String(domid)), '');
			await makeHome(xen, domid, name);
			const words = [String(domid), '1', '1'];
			await requests.ask(introduce, domainPath(domid), terminated(...words));
		},
		async release(domid) {
			await (await guests.get(domid))?.close();
			guests.delete(domid);
			await rm(join(inside, String(domid)));
			await xen.remove(domainPath(domid));
		},
		async restart() {
			throw new Error(`${kind} loses what it holds when it ends`);
		},
		async close() {
			child.kill('SIGKILL');
			await ended;
		},
	};
}

/** A guest has one connection, whoever in it asks. */
async function connectAs(domid: number, socket: string): Promise<Store> {
	const open = async (listener: Listener): Promise<Transport> => {
		const transport = await openUnixSocket(socket, listener);
		const name = Buffer.alloc(4);

		name.writeUInt32LE(domid);
		transport.send(name);

		return transport;
	};

	return storeOver(await connectRequests(open));
}

/** As libxl does: a home that the guest may read, and `data` in it that it may write. */
async function makeHome(xen: Store, domid: number, name: string): Promise<void> {
	const home = domainPath(domid);
	const readable = [
		{domid: 0, access: 'none'},
		{domid, access: 'read'},
	] as const;

	await xen.mkdir(home);
	await xen.setPermissions(home, readable);
	await xen.write(`${home}/domid`, String(domid));
	await xen.write(`${home}/name`, name);
	await xen.mkdir(`${home}/data`);
	await xen.setPermissions(`${home}/data`, [{domid, access: 'none'}]);
}
