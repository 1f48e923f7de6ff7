// SPDX-License-Identifier: MIT
import {execFile} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {serve} from '../../userland/control/server.ts';
import {systemClock} from '../../userland/daemon/clock.ts';
import type {World} from '../../userland/daemon/daemon.ts';
import type {Host} from '../../userland/daemon/host/host.ts';
import {createLog} from '../../userland/daemon/log.ts';
import {createRequests} from '../../userland/daemon/requests.ts';
import {emptyPolicy, inForce} from '../../userland/policy/load.ts';
import {cpuOf} from './scene.ts';

const program = fileURLToPath(new URL('../../userland/bin/coloop.js', import.meta.url));

/** What `coloop list` costs: in ms of CPU time of the daemon and of the command, and what goes between. */
export async function listed(
	host: Host,
): Promise<Record<'daemon' | 'command' | 'bytes' | 'lines', number>> {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-'));
	const socket = join(folder, 'coloopd.sock');
	const stop = new AbortController();
	const handle = createRequests({
		...{world: world(), host, endpoint: undefined, problems: new Map()},
		policy: () => inForce({policy: emptyPolicy, errors: [], dir: undefined}),
		reload: async () => {},
	});
	let bytes = 0;
	const served = serve(
		socket,
		async request => {
			const answer = await handle(request);
			bytes += JSON.stringify(answer).length;

			return answer;
		},
		stop.signal,
	);
	await sleep(200);
	const before = await childTime();
	let lines = 0;
	const daemon = await cpuOf(async () => {
		lines = await list(socket);
	});
	const command = (await childTime()) - before;
	stop.abort();
	await served;
	await rm(folder, {recursive: true});

	return {daemon, command, bytes, lines};
}

async function list(socket: string): Promise<number> {
	const child = execFile(process.execPath, [program, '--socket', socket, 'list']);
	let lines = 0;
	child.stdout?.on('data', text => (lines += String(text).split('\n').length - 1));
	const [status] = (await once(child, 'close')) as [number];
	if (status !== 0) {
		throw new Error(`coloop list ended with ${status}`);
	}

	return lines;
}

/** CPU time of all children that have ended, in ms, to a hundredth of a second: `cutime` and `cstime`. */
async function childTime(): Promise<number> {
	const text = await readFile('/proc/self/stat', 'utf8');
	const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');

	return (Number(fields[13]) + Number(fields[14])) * 10;
}

/** Without the endpoint role nothing else of it is touched. */
function world(): World {
	const absent = () => {
		throw new Error('the endpoint role does not run');
	};

	return {
		...{isDom0: true, clock: systemClock(), log: createLog(() => {}, 'error')},
		held: {
			...{peers: new Set<string>(), isPair: () => false, pairs: () => []},
			hold: async () => {},
			release: async () => {},
		},
		...{
			openStore: absent,
			awaitStore: absent,
			openKernel: absent,
			watchModule: absent,
			interfaces: absent,
		},
		vifs: absent,
		...{enforcement: {isAble: absent, enforce: absent}, watchOwnRules: absent},
		...{watchLinks: absent, watchPolicy: absent, topology: absent, firewall: absent, hints: []},
	};
}
