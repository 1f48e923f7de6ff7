// SPDX-License-Identifier: MIT
import {mkdirSync} from 'node:fs';
import {bridge, channel, dom0, guests, otherBridge, remote, uplink, type Guest} from './places.ts';
import {mustRun, runBatch, writeSysctl} from './run.ts';

/** Where `ip netns` keeps the guests' namespace. */
export const guestsNamespace = '/run/netns/guests';
export const bpfFolder = '/sys/fs/bpf';

/**
 * Makes a dom0 of this process's namespaces, which must be its own: `unshare --net --mount`. The
 * guests have no addresses and answer nothing; their frames are the probe's.
 */
export async function buildWorld(): Promise<void> {
	mkdirSync('/run/netns', {recursive: true});
	await mustRun('mount', ['-t', 'tmpfs', 'none', '/run/netns']);
	await mustRun('mount', ['-t', 'sysfs', 'none', '/sys']);
	await mustRun('mount', ['-t', 'bpf', 'none', bpfFolder]);
	await mustRun('ip', ['netns', 'add', 'guests']);
	const quiet = 'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6';
	await mustRun('ip', ['netns', 'exec', 'guests', 'sh', '-c', quiet]);
	writeSysctl('net.ipv4.ip_forward', '1');
	writeSysctl('net.ipv6.conf.all.forwarding', '1');
	await must('ip', linkCommands());
	const ends = [...guests, uplink, channel].map(({end}) => `link set ${end} up\n`);
	await mustRun('ip', ['-n', 'guests', '-batch', '-'], ends.join(''));
	await must('tc', [
		`qdisc add dev ${channel.device} clsact`,
		`filter add dev ${channel.device} ingress u32 match u32 0 0 action mirred ingress redirect dev ${bridge}`,
	]);
}

/** `program`: test/guard/bpf.c. */
export async function pinPrograms(program: string): Promise<void> {
	await mustRun(program, ['pin', bpfFolder]);
}

async function must(program: string, lines: readonly string[]): Promise<void> {
	const failed = await runBatch(program, lines);
	if (failed.size > 0) {
		const which = [...failed].map(index => `${program} ${lines[index] ?? ''}`);
		throw new Error(`could not build the namespace: ${which.join('; ')}`);
	}
}

function linkCommands(): string[] {
	const pairOf = (device: string, end: string, mac: string) =>
		`link add ${device} address ${mac} type veth peer name ${end} netns guests`;
	const {mac} = dom0.port;

	return [
		'link set lo up',
		`link add ${bridge} address ${mac} type bridge forward_delay 0 stp_state 0`,
		`link add ${otherBridge} address 00:16:3e:00:01:01 type bridge forward_delay 0 stp_state 0`,
		...guests.flatMap(({port, end}) => [
			pairOf(port.name, end, 'fe:ff:ff:ff:ff:ff'),
			`link set ${port.name} master ${bridge} up`,
		]),
		pairOf(uplink.device, uplink.end, '00:16:3e:00:09:01'),
		pairOf(channel.device, channel.end, mac),
		...[bridge, otherBridge, uplink.device, channel.device].map(name => `link set ${name} up`),
		`addr add ${dom0.ip4}/24 dev ${bridge}`,
		`addr add ${dom0.ip6}/64 dev ${bridge} nodad`,
		`addr add 10.9.0.1/24 dev ${uplink.device}`,
		`addr add fd00:9::1/64 dev ${uplink.device} nodad`,
		...[remote.ip4, remote.ip6].map(ip => neighbour(ip, remote.mac, uplink.device)),
		...guests.flatMap(neighbours),
	];
}

function neighbours({port, ip4, ip6}: Guest): string[] {
	return [ip4, ip6].map(ip => neighbour(ip, port.mac, bridge));
}

function neighbour(ip: string, mac: string, device: string): string {
	return `neigh replace ${ip} lladdr ${mac} dev ${device} nud permanent`;
}
