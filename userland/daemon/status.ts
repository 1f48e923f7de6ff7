// SPDX-License-Identifier: MIT
import type {Status} from '../control/protocol.ts';
import type {ModuleInfo} from '../kernel/kernel.ts';
import type {Parts} from './daemon.ts';
import type {Device} from './endpoint/wish.ts';
import {pairStatuses} from './status-pairs.ts';
import {peerStatuses} from './status-peers.ts';
import {version} from '../control/version.ts';

/** Everything there is to say; `coloop -j` prints it as it is. */
export async function readStatus({
	host,
	endpoint,
	world,
	policy,
	problems,
}: Parts): Promise<Status> {
	const view = await endpoint?.view();
	const devices = endpoint ? await world.interfaces().catch(() => []) : [];
	const hosted = host?.view();
	return {
		version,
		roles: [...(host ? (['host'] as const) : []), ...(endpoint ? (['endpoint'] as const) : [])],
		domid: view?.known?.domid ?? (world.isDom0 ? 0 : null),
		module_loaded: view?.isPresent ?? null,
		module: view?.info ? moduleStatus(view.info, devices) : null,
		policy_directory: policy().dir ?? null,
		policy_errors: policy().errors.flatMap(({message}) => message.split('\n')),
		problems: [...problems.values(), ...(world.held.problem ? [world.held.problem] : [])],
		peers: view ? peerStatuses(view, devices, world.clock) : [],
		pairs: hosted ? await pairStatuses(hosted.verdicts, hosted.store) : null,
	};
}

function moduleStatus(info: ModuleInfo, devices: readonly Device[]): Status['module'] {
	const {peers, channels, grants, maps, ports, deferred} = info;
	return {
		version: info.moduleVersion,
		interface: devices.find(({ifindex}) => ifindex === info.ifindex)?.name ?? null,
		peers,
		channels,
		grants,
		grant_limit: info.grantLimit ?? null,
		maps,
		ports,
		deferred,
	};
}
