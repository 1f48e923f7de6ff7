// SPDX-License-Identifier: MIT
import {execFile} from 'node:child_process';
import {isDeepStrictEqual, promisify} from 'node:util';
import {ColoopError} from '../errors.ts';
import {readStaticEntries} from './control.ts';
import {parseFlows} from './flows.ts';
import type {Source} from './kept.ts';
import {openOpenFlow, type OpenFlow} from './openflow.ts';
import type {Switching} from './types.ts';
import {createFlowTable, type FlowTable} from './walk.ts';

/** What a bridge does with frames. `runDir` is where Open vSwitch has its sockets. */
export function bridgeSource(runDir: string, name: string): Source<Switching> {
	const socket = `${runDir}/${name}.mgmt`;
	const readRest = async (connection: OpenFlow): Promise<Omit<Switching, 'flows'>> => {
		const [settings, staticEntries] = await Promise.all([
			connection.settings(),
			readStaticEntries(runDir, name),
		]);

		return {...settings, staticEntries};
	};

	return async outdated => {
		const connection = openOpenFlow(socket, {changed: outdated, lost: outdated});
		try {
			/* What changes from here on is heard. */
			await connection.watchFlows();
			const [flows, rest] = await Promise.all([readFlows(socket), readRest(connection)]);

			return {
				value: {...rest, flows},
				isStill: () =>
					readRest(connection).then(
						now => isDeepStrictEqual(now, rest),
						() => false,
					),
				close: () => connection.close(),
			};
		} catch (cause) {
			connection.close();
			throw unreadable(name, cause);
		}
	};
}

/** What decides here must not depend on how the daemon was started. */
const systemPath = '/usr/sbin:/usr/bin:/sbin:/bin';

/** OpenFlow 1.3 shows meters and groups; newer versions are the same to us. */
const versions = 'OpenFlow13,OpenFlow14,OpenFlow15';

async function readFlows(socket: string): Promise<FlowTable> {
	const {stdout} = await promisify(execFile)(
		'ovs-ofctl',
		['--timeout=2', '-O', versions, 'dump-flows', `unix:${socket}`, 'table=0'],
		{env: {PATH: systemPath}, timeout: 3000, killSignal: 'SIGKILL', maxBuffer: 1 << 28},
	);

	return createFlowTable(parseFlows(stdout));
}

function unreadable(name: string, cause: unknown): ColoopError {
	const why = cause instanceof Error ? cause.message : String(cause);

	return new ColoopError('FIREWALL', `${name} of Open vSwitch cannot be read: ${why.trim()}`, {
		cause,
		hint: 'the bridge must speak OpenFlow 1.0 and 1.3, see `protocols` in ovs-vswitchd.conf.db(5)',
	});
}
