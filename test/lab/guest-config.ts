// SPDX-License-Identifier: MIT
import {LabError} from './errors.ts';

export type GuestType = 'pv' | 'pvh';

/** The guests that the lab knows; a and b are up from the start. */
export const guestNames = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] as const;

export type GuestName = (typeof guestNames)[number];

export function asGuestName(name: string): GuestName {
	const known = guestNames.find(each => each === name);
	if (known) {
		return known;
	}
	throw new LabError(`no guest ${name}: expected one of ${guestNames.join(', ')}`);
}

export function guestNumber(name: GuestName): number {
	return guestNames.indexOf(name) + 1;
}

/** Where dom0 reaches the guest's agent, on a link of its own. */
export function managementAddress(name: GuestName): string {
	return `10.255.0.${guestNumber(name)}`;
}

export type GuestOptions = {
	readonly type?: GuestType;
	readonly memoryMiB?: number;
	readonly vcpus?: number;
	/** For its kernel, beside the lab's own. */
	readonly kernelArguments?: string;
	/** More words of its first vif, as in xl-network-configuration(5): `ip=10.0.0.3,rate=8Mb/s`. */
	readonly vif?: string;
	/** More lines of xl.cfg(5). */
	readonly more?: readonly string[];
};

/** xl's description of a guest: xl.cfg(5). */
export function guestConfig(name: GuestName, options: GuestOptions = {}): string {
	const number = guestNumber(name);
	const {type = 'pv', memoryMiB = 512, vcpus = 1, more = []} = options;
	const {kernelArguments = '', vif} = options;
	const lab = '/usr/local/lib/lab';
	const disk = (seen: string, device: string) =>
		`"format=raw,vdev=${seen},access=ro,script=block-shared,target=${device}"`;
	const mac = (net: number) => `mac=00:16:3e:00:0${net}:0${number}`;

	return [
		`name = "${name}"`,
		`type = "${type}"`,
		`memory = ${memoryMiB}`,
		`vcpus = ${vcpus}`,
		`kernel = "${lab}/vmlinux"`,
		`ramdisk = "${lab}/initramfs"`,
		// loglevel 5 lets warnings reach the console, which outlives the guest.
		`extra = "console=hvc0 quiet loglevel=5 mitigations=off log_buf_len=1M LAB_NAME=${name} LAB_NUMBER=${number} ${kernelArguments}"`,
		// Otherwise Xen emulates RDTSC here, which no real machine needs.
		`tsc_mode = "native"`,
		`disk = [${disk('xvda', '/dev/vdb')}, ${disk('xvdb', '/dev/vdc')}]`,
		`vif = ["${mac(0)},bridge=xenbr0,script=vif-bridged${vif === undefined ? '' : `,${vif}`}",`,
		`       "${mac(1)},ip=${managementAddress(name)},script=vif-managed"]`,
		`on_crash = "destroy"`,
		`on_reboot = "destroy"`,
		...more,
		'',
	].join('\n');
}
