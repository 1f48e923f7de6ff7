// SPDX-License-Identifier: MIT
import {version} from '../../control/version.ts';
import {
	count,
	error,
	line,
	noAnswer,
	ok,
	skipped,
	some,
	warning,
	type Check,
	type Evidence,
	type Finding,
} from './check.ts';

/** What is ours: module, daemon, policy, and what they hold. */
export const installedChecks: readonly Check[] = [
	{name: 'module', reads: '/sys/module/coloop, modinfo', look: lookAtModule},
	{name: 'daemon', reads: 'its socket, systemctl', look: lookAtDaemon},
	{name: 'versions', reads: 'those of command, daemon and module', look: lookAtVersions},
	{name: 'troubles', reads: "the daemon's last warnings and errors", look: lookAtTroubles},
	{name: 'XenStore', reads: '/dev/xen, its sockets and daemon', look: lookAtXenStore},
	{name: 'quotas', reads: "XenStore's quotas, what it refused", look: lookAtQuotas},
	{name: 'host role', reads: "whether dom0's coloopd is heard", look: lookAtHost},
	{name: 'policy', reads: 'the policy, also where no daemon runs', look: lookAtPolicy},
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

async function lookAtDaemon({system, status, failure}: Evidence): Promise<Finding> {
	if (status !== undefined) {
		const {roles, problems} = status;

		return problems.length > 0
			? error(
					some(problems),
					'coloopd keeps trying; its log says more: journalctl -u coloopd',
				)
			: ok(`answers, with the ${roles.join(' and ')} role${roles.length === 1 ? '' : 's'}`);
	}
	const unit = await system.run('systemctl', 'show', 'coloopd', '-p', 'ActiveState,Result');
	const state = /ActiveState=(\w+)/.exec(unit?.out ?? '')?.[1];
	const result = /Result=([\w-]+)/.exec(unit?.out ?? '')?.[1];
	const why = failure?.message ?? 'coloopd does not answer';

	return error(
		state === undefined
			? why
			: `${why}; its unit is ${state}${state === 'failed' ? ` (${result})` : ''}`,
		failure?.hint ?? 'systemctl start coloopd; journalctl -u coloopd says why it ended',
	);
}

function lookAtVersions({status}: Evidence): Finding {
	if (status === undefined) {
		return noAnswer;
	}
	const versions = [version, status.version, ...(status.module ? [status.module.version] : [])];
	const [command = '', daemon = '', module = 'none'] = versions;
	const text = `coloop ${command}, coloopd ${daemon}, module ${module}`;

	return new Set(versions).size === 1
		? ok(`all ${command}`)
		: warning(
				`of different age: ${text}`,
				'they work together; systemctl restart coloopd and coloop module reload bring what is installed',
			);
}

function lookAtTroubles({status, now}: Evidence): Finding {
	if (status?.troubles === undefined) {
		return status ? skipped('this coloopd is too old to tell') : noAnswer;
	}
	const recent = status.troubles.filter(({time}) => now - time < 3600);
	const last = recent.at(-1);

	return last === undefined
		? ok('none in the last hour')
		: warning(
				`${count(recent.length, 'trouble')} in the last hour, the last: ${last.event}${last.message === null ? '' : `: ${last.message}`}`,
				'journalctl -p warning -u coloopd',
			);
}

const sockets = ['/run/xenstored', '/var/run/xenstored'];
const pidFiles = ['/run/xen/xenstored.pid', '/run/xenstored.pid', '/run/oxenstored.pid'];

async function lookAtXenStore({system, isDom0, status}: Evidence): Promise<Finding> {
	const refused = status?.problems.find(problem => /xenstore/i.test(problem));
	if (refused !== undefined) {
		return error(
			refused,
			isDom0 ? 'systemctl status xenstored; without it nothing works' : 'is dom0 well?',
		);
	}
	const hasDevice = (await system.list('/dev/xen')).includes('xenbus');
	const hasSocket = (await Promise.all(sockets.map(path => system.list(path)))).some(names =>
		names.includes('socket'),
	);
	if (!hasDevice && !(isDom0 && hasSocket)) {
		return isDom0
			? error(
					'XenStore has neither socket nor device here',
					'systemctl start xenstored, or /etc/init.d/xen start',
				)
			: error(
					'there is no /dev/xen/xenbus',
					'modprobe xen_xenbus_frontend, and mount devtmpfs on /dev',
				);
	}
	const pids = await Promise.all(pidFiles.map(path => line(system, path)));
	const pid = pids.find(text => text !== undefined);
	const name = pid === undefined ? undefined : await line(system, `/proc/${pid}/comm`);
	if (isDom0 && pid !== undefined && name === undefined) {
		return error(
			`xenstored (process ${pid}) has ended`,
			'it cannot be started anew: reboot the host',
		);
	}

	return ok(name === undefined ? 'is there' : `${name} runs`);
}

/** Nodes of one peer in a guest's own tree, and of a guest without peers. */
const nodesOfPeer = 3;
const nodesOfGuest = 150;

async function lookAtQuotas({system, isDom0, status}: Evidence): Promise<Finding> {
	const trouble = status?.troubles?.find(({message}) =>
		/EQUOTA|ENOSPC|E2BIG/.test(message ?? ''),
	);
	if (trouble !== undefined) {
		return error(
			`XenStore refuses for want of quota: ${trouble.message ?? ''}`,
			'xenstore-control quota says how much it gives; raise quota-maxentity in /etc/xen/oxenstored.conf, or xenstored --quota nodes=',
		);
	}
	if (!isDom0) {
		return skipped("XenStore's quotas are dom0's to see");
	}
	const quota = await nodeQuota(system);
	const guests = new Set((status?.pairs ?? []).flatMap(({a, b}) => [a.domid, b.domid])).size;
	const needed = nodesOfGuest + guests * nodesOfPeer;
	if (quota === undefined) {
		return skipped('neither xenstore-control nor oxenstored.conf tells the quotas');
	}

	return quota !== 0 && needed > quota
		? warning(
				`a guest may have ${quota} nodes in XenStore, and with ${guests} domains needs about ${needed}`,
				'raise quota-maxentity in /etc/xen/oxenstored.conf, or xenstored --quota nodes=',
			)
		: ok(
				quota === 0
					? 'no bound'
					: `${quota} nodes a guest, of which about ${needed} are needed`,
			);
}

async function nodeQuota(system: Evidence['system']): Promise<number | undefined> {
	const quota = await system.run('xenstore-control', 'quota');
	const text = /^\s*(?:nb-)?nodes\W+(\d+)/m.exec(quota?.status === 0 ? quota.out : '')?.[1];
	const config = await system.read('/etc/xen/oxenstored.conf');
	const file = /^\s*quota-maxentity\s*=\s*(\d+)/m.exec(config ?? '')?.[1];
	const found = text ?? file;

	return found === undefined ? undefined : Number(found);
}

function lookAtHost({status, isDom0}: Evidence): Finding {
	if (status === undefined) {
		return noAnswer;
	}
	if (status.roles.includes('host')) {
		return ok('is here');
	}
	switch (status.host) {
		case 'lives':
			return ok('is heard');
		case 'silent':
			return error(
				"dom0's coloopd has been silent for more than a minute: no channel comes up, and what dom0 forbids is not heard",
				`in dom0: systemctl start coloopd${isDom0 ? '' : ', then coloop status'}`,
			);
		default:
			return warning(
				"dom0's coloopd has never been heard: it does not run, or is too old to tell",
				'in dom0: install coloop and systemctl start coloopd',
			);
	}
}

async function lookAtPolicy({status, isDom0}: Evidence): Promise<Finding> {
	const {errors, warnings, directory} = status
		? {
				errors: status.policy_errors,
				warnings: status.policy_warnings ?? [],
				directory: status.policy_directory,
			}
		: await readPolicy(isDom0);
	if (errors[0] !== undefined) {
		return error(
			`${errors[0]}${errors.length > 1 ? `, and ${errors.length - 1} more` : ''}`,
			`coloop policy lint ${directory ?? '/etc/coloop/policy.d'}; the last good policy is in force until then`,
		);
	}
	if (directory === null) {
		return warning(
			'there is no policy, which allows nothing',
			'write /etc/coloop/policy.d/10-site.yaml',
		);
	}

	return warnings[0] === undefined
		? ok(directory)
		: warning(
				`${warnings[0]}${warnings.length > 1 ? `, and ${warnings.length - 1} more` : ''}`,
				`coloop policy lint ${directory}`,
			);
}

/** Where no daemon has. */
async function readPolicy(isDom0: boolean) {
	const {loadPolicy, policyDirs} = await import('../../policy/load.ts');
	const {errors, warnings, dir} = await loadPolicy(policyDirs, {side: isDom0 ? 'dom0' : 'guest'});

	return {
		errors: errors.flatMap(({message}) => message.split('\n')),
		warnings,
		directory: dir ?? null,
	};
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
