// SPDX-License-Identifier: MIT
import {line, type Check, type Evidence} from './check.ts';
import {error, ok, warning} from './finding.ts';

/** The machine, before anything of ours. */
export const machineChecks: readonly Check[] = [
	{name: 'Xen', reads: '/sys/hypervisor', look: lookAtXen},
	{name: 'kernel', reads: '/proc/sys/kernel/osrelease, /boot/config-*', look: lookAtKernel},
	{name: 'Node', reads: "Node's version", look: lookAtNode},
	{name: 'clock', reads: 'the clock, its source, timedatectl', look: lookAtClock},
];

async function lookAtXen({system, isDom0}: Evidence) {
	const type = await line(system, '/sys/hypervisor/type');
	if (type !== 'xen') {
		return error(
			'this machine is no domain of Xen',
			'a channel is between guests of one Xen host, or a guest and dom0: run coloop there',
		);
	}
	const [major, minor, kind] = await Promise.all(
		['version/major', 'version/minor', 'guest_type'].map(path =>
			line(system, `/sys/hypervisor/${path}`),
		),
	);
	const version = major === undefined ? '' : ` ${major}.${minor ?? '?'}`;

	return ok(`${isDom0 ? 'dom0' : `${kind ?? 'a'} guest`} of Xen${version}`);
}

async function lookAtKernel({system}: Evidence) {
	const release = (await line(system, '/proc/sys/kernel/osrelease')) ?? '';
	const [major = 0, minor = 0] = release.split('.').map(part => Number.parseInt(part, 10));
	if (!(major > 6 || (major === 6 && minor >= 1))) {
		return error(
			`Linux ${release || 'of unknown version'} is older than 6.1`,
			'boot a newer kernel',
		);
	}
	const config = await system.read(`/boot/config-${release}`);
	if (config !== undefined && !/^CONFIG_NETFILTER_EGRESS=y$/m.test(config)) {
		return error(
			`Linux ${release} was built without CONFIG_NETFILTER_EGRESS, so that no packet is diverted`,
			"boot a kernel of the distribution's, or build this one with it",
		);
	}

	return ok(`Linux ${release}`);
}

function lookAtNode({system: {node}}: Evidence) {
	const major = Number.parseInt(node, 10);

	return major >= 18
		? ok(`Node ${node}`)
		: error(`Node ${node} is older than 18`, "install the distribution's nodejs");
}

/** Of 2025; a machine without a battery begins in 1970. */
const surelyPast = 1_735_689_600;

async function lookAtClock({system, now}: Evidence) {
	if (now < surelyPast) {
		const day = new Date(now * 1000).toISOString().slice(0, 10);

		return warning(
			`the clock says ${day}: what the log and coloop say of times is wrong`,
			'set it: timedatectl set-ntp true, or date -s',
		);
	}
	const source = await line(
		system,
		'/sys/devices/system/clocksource/clocksource0/current_clocksource',
	);
	if (source !== undefined && ['acpi_pm', 'hpet', 'jiffies', 'pit'].includes(source)) {
		return warning(
			`the clock's source is ${source}, which is slow to read: every packet does`,
			'echo xen >/sys/devices/system/clocksource/clocksource0/current_clocksource, or tsc',
		);
	}
	const synced = await system.run('timedatectl', 'show', '-p', 'NTPSynchronized', '--value');
	if (synced?.status === 0 && synced.out.trim() === 'no') {
		return warning(
			'nobody sets the clock: times in logs of two domains do not compare',
			'timedatectl set-ntp true, or chrony',
		);
	}

	return ok(`plausible${source === undefined ? '' : `, from ${source}`}`);
}
