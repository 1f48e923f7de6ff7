// SPDX-License-Identifier: MIT
import {line, type Check, type Evidence} from './check.ts';
import {error, noAnswer, ok, skipped, warning, type Finding} from './finding.ts';
import {count} from './wording.ts';

/** The module, and what it holds. */
export const moduleChecks: readonly Check[] = [
	{name: 'module', reads: '/sys/module/coloop, modinfo', look: lookAtModule},
	{name: 'grants', reads: 'the grants that the module holds', look: lookAtGrants},
	{name: 'event channels', reads: 'the ports that the module holds', look: lookAtPorts},
];

async function lookAtModule({system}: Evidence): Promise<Finding> {
	const release = (await line(system, '/proc/sys/kernel/osrelease')) ?? '';
	const loaded = await line(system, '/sys/module/coloop/version');
	const isLoaded = loaded !== undefined || (await system.list('/sys/module/coloop')).length > 0;
	const found = await system.run('modinfo', '-F', 'version', 'coloop');
	const installed = found?.status === 0 ? found.out.trim() : undefined;
	if (!isLoaded) {
		return installed === undefined
			? error(
					`no module is installed for Linux ${release}`,
					`apt install linux-headers-${release} coloop-dkms; dkms status coloop says how far it is`,
				)
			: error(`the module ${installed} is installed and not loaded`, 'modprobe coloop');
	}
	if (installed !== undefined && loaded !== undefined && installed !== loaded) {
		return warning(
			`the module ${loaded} is loaded, and ${installed} is installed`,
			'coloop module reload, which closes channels for a moment',
		);
	}

	return ok(`${loaded ?? 'of unknown version'} is loaded`);
}

function lookAtGrants({status}: Evidence): Finding {
	const module = status?.module;
	if (!module) {
		return status ? skipped('no module') : noAnswer;
	}
	const {grants, grant_limit: limit, deferred, channels} = module;
	if (limit !== null && grants > limit * 0.9) {
		return error(
			`${grants} of ${limit} grants are in use: new channels get smaller rings, or none`,
			'less ring_pages or queues in policy, or gnttab_max_frames= for Xen',
		);
	}
	if (deferred > 0) {
		return warning(
			`${count(deferred, 'grant')} of ended channels are still mapped by peers, and kept until they let go`,
			'coloop show says which peers are closed or broken; a peer that is paused lets go when it runs again',
		);
	}
	if (channels === 0 && grants > 0) {
		return warning(
			`${count(grants, 'grant')} left without a channel`,
			'coloop module reload ends them',
		);
	}

	return ok(`${grants}${limit === null ? '' : ` of ${limit}`} in use`);
}

function lookAtPorts({status}: Evidence): Finding {
	const module = status?.module;
	if (!module) {
		return status ? skipped('no module') : noAnswer;
	}
	const {channels, ports} = module;

	return channels === 0 && ports > 0
		? warning(
				`${count(ports, 'event channel')} left without a channel of ours`,
				'coloop module reload closes them',
			)
		: ok(`${ports} in use`);
}
