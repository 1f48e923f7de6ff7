// SPDX-License-Identifier: MIT
import {line, type Check, type Evidence} from './check.ts';
import {error, ok, skipped, warning, type Finding} from './finding.ts';
import {some} from './wording.ts';
import {asRecord, listOf} from './iproute.ts';

/** Our own device, and who else has a hand on it. */
export const deviceChecks: readonly Check[] = [
	{name: 'coloop0', reads: 'its flags and addresses; ip', look: lookAtDevice},
	{
		name: 'managers',
		reads: 'systemd-networkd, NetworkManager and DHCP clients on coloop0',
		look: lookAtManagers,
	},
];

async function lookAtDevice({system}: Evidence): Promise<Finding> {
	if (!(await system.list('/sys/class/net')).includes('coloop0')) {
		return skipped(
			'no coloop0: the module is not loaded, or it is in another network namespace',
		);
	}
	const flags = Number((await line(system, '/sys/class/net/coloop0/flags')) ?? 1);
	if ((flags & 1) === 0) {
		return error('coloop0 is down, so that no packet is received', 'ip link set coloop0 up');
	}
	const shown = await system.run('ip', '-j', 'address', 'show', 'dev', 'coloop0');
	const [device] = listOf(shown?.status === 0 ? shown.out : '');
	if (typeof device?.['master'] === 'string') {
		return error(
			`coloop0 is a port of ${device['master']}: it is no network of its own`,
			'ip link set coloop0 nomaster',
		);
	}
	const addresses = (Array.isArray(device?.['addr_info']) ? device['addr_info'] : [])
		.map(asRecord)
		.map(({local}) => String(local));

	return addresses.length > 0
		? warning(
				`coloop0 has the address ${some(addresses)}, and needs none: packets keep those of the vif`,
				'ip address flush dev coloop0, and keep off it whoever gave it',
			)
		: ok('is up, without an address');
}

async function lookAtManagers({system}: Evidence): Promise<Finding> {
	const index = await line(system, '/sys/class/net/coloop0/ifindex');
	if (index === undefined) {
		return skipped('no coloop0');
	}
	const networkd = await system.read(`/run/systemd/netif/links/${index}`);
	const state = /^ADMIN_STATE=(\w+)/m.exec(networkd ?? '')?.[1];
	if (state !== undefined && state !== 'unmanaged') {
		return warning(
			`systemd-networkd is ${state} on coloop0`,
			'a file in /etc/systemd/network with [Match] Name=coloop0 and [Link] Unmanaged=yes',
		);
	}
	const nmcli = await system.run('nmcli', '-t', '-f', 'DEVICE,STATE', 'device');
	const managed = /^coloop0:(?!unmanaged)(.+)$/m.exec(nmcli?.status === 0 ? nmcli.out : '')?.[1];
	if (managed !== undefined) {
		return warning(
			`NetworkManager has coloop0: ${managed}`,
			'nmcli device set coloop0 managed no, and [keyfile] unmanaged-devices=interface-name:coloop0',
		);
	}
	const clients = await system.run('pgrep', '-a', '-f', `${clientNames}.*coloop0`);
	const client = clients?.status === 0 ? clients.out.trim().split('\n')[0] : undefined;

	return client === undefined
		? ok('keep off coloop0')
		: warning(
				`a program wants an address for coloop0, which takes none: ${client}`,
				client.includes('dhcpcd')
					? 'echo denyinterfaces coloop0 >>/etc/dhcpcd.conf, and restart dhcpcd'
					: 'take coloop0 out of what starts it',
			);
}

const clientNames = '(dhclient|dhcpcd|udhcpc|wpa_supplicant)';
