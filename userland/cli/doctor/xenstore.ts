// SPDX-License-Identifier: MIT
import {line, type Check, type Evidence} from './check.ts';
import {error, ok, skipped, warning, type Finding} from './finding.ts';

/** XenStore, as it serves us. */
export const xenstoreChecks: readonly Check[] = [
	{name: 'XenStore', reads: '/dev/xen, its sockets and daemon', look: lookAtXenStore},
	{name: 'quotas', reads: "XenStore's quotas, what it refused", look: lookAtQuotas},
];

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

const raise =
	'xenstore-control quota says how much it gives; raise quota-maxentity in /etc/xen/oxenstored.conf, or xenstored --quota nodes=';

async function lookAtQuotas({system, isDom0, status}: Evidence): Promise<Finding> {
	const said = [
		...(status?.problems ?? []),
		...(status?.troubles ?? []).map(({message}) => message ?? ''),
	].find(text => /EQUOTA|ENOSPC|E2BIG/.test(text));
	if (said !== undefined) {
		return error(
			`XenStore refuses for want of quota: ${said}`,
			isDom0
				? raise
				: `xenstore-ls shows what fills it, and xenstore-rm makes room; in dom0: ${raise}`,
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
