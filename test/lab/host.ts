// SPDX-License-Identifier: MIT
import {truncate, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {Agent} from './agent.ts';
import {cargoBytes, cargoFile} from './cargo.ts';
import {isFatal} from './crash.ts';
import {CrashError, LabError} from './errors.ts';
import {Guest} from './guest.ts';
import {guestConfig, guestNames, managementAddress} from './guest-config.ts';
import type {GuestName, GuestOptions} from './guest-config.ts';
import {Machine, type Mode} from './machine.ts';
import {until} from './until.ts';

// eager-fpu: the emulator lets AVX instructions pass where Xen's lazy switching counts on a trap,
// so two domains that use them at once would see each other's registers.
const xenArguments =
	'console=com1 com1=115200,8n1 dom0_mem=1024M,max:1024M dom0_max_vcpus=1 ' +
	'noreboot bootscrub=0 spec-ctrl=eager-fpu loglvl=all guest_loglvl=all conring_size=512k';
const dom0Arguments =
	'console=hvc0 quiet loglevel=5 mitigations=off log_buf_len=1M LAB_NAME=dom0 LAB_NUMBER=254';

const warmUp =
	'node -e 0; for p in ping iperf3 tcpdump nft ip tar; do $p -V; done >/dev/null 2>&1; true';

export type HostOptions = {
	readonly folder: string;
	readonly images: string;
	readonly emulator: string;
	readonly mode: Mode;
	/** dom0's disk: qcow2 over the image. */
	readonly disk: string;
	readonly snapshot?: string;
	readonly plugin?: string;
	readonly say: (line: string) => void;
};

/** A machine that runs Xen, with verbs over dom0 and the guests. */
export class Host {
	readonly machine: Machine;
	readonly machines: ReadonlyMap<string, Guest>;

	#console = '';

	private constructor(machine: Machine, say: (line: string) => void) {
		const agent = new Agent(machine.port);
		this.machine = machine;
		machine.output.on('data', (text: string) => {
			this.#console += text;
			// Nobody will answer any more: no use to wait.
			if (isFatal(this.#console.slice(-text.length - 200))) {
				agent.close(new CrashError('Xen or dom0 died: see the console'));
			}
		});
		this.machines = new Map([
			['dom0', new Guest('dom0', '', agent, say)],
			...guestNames.map(
				name => [name, new Guest(name, managementAddress(name), agent, say)] as const,
			),
		]);
	}

	static async start(options: HostOptions): Promise<Host> {
		const {folder, images, emulator, mode, disk, snapshot, plugin} = options;
		const cargo = path.join(folder, cargoFile);

		await writeFile(cargo, '', {flag: 'a'});
		await truncate(cargo, cargoBytes);
		const machine = await Machine.start({
			...{folder, emulator, mode, memoryMiB: 6144},
			kernel: `${images}/xen`,
			kernelArguments: xenArguments,
			initrd: `${images}/vmlinuz ${dom0Arguments},${images}/initramfs`,
			disks: [
				{file: disk, writable: true},
				{file: `${images}/root.ext4`, writable: false},
				{file: cargo, writable: false},
			],
			...(snapshot === undefined ? {} : {snapshot}),
			...(plugin === undefined ? {} : {plugin}),
		});

		return new Host(machine, options.say);
	}

	/** dom0, or a guest, which need not be running. */
	get(name: string): Guest {
		const guest = this.machines.get(name);
		if (!guest) {
			throw new LabError(`no machine ${name}: ${[...this.machines.keys()].join(', ')}`);
		}

		return guest;
	}

	/** Creates a guest, e.g. c, and waits for its agent. */
	async create(name: GuestName, options: GuestOptions = {}): Promise<Guest> {
		const dom0 = this.get('dom0');

		await dom0.push(`/etc/xen/${name}.cfg`, guestConfig(name, options));
		await dom0.run(`xl create /etc/xen/${name}.cfg`, {timeout: 240_000});
		await this.answers(name);
		// An emulated processor gives the kernel cause to warn at boot; that is not the test's.
		await this.get(name).run('dmesg -C', {silent: true});
		await dom0.run(`truncate -s 0 /var/log/xen/guest-${name}.log`, {silent: true});

		return this.get(name);
	}

	/** Waits until the agent of a machine runs commands. */
	async answers(name: string, timeout = 240_000): Promise<void> {
		const machine = this.get(name);
		await until(
			`agent of ${name} answers`,
			() =>
				machine.run('true', {timeout, silent: true}).then(
					() => true,
					// No route yet, or nobody listens there yet.
					() => false,
				),
			{timeout, every: 500},
		);
	}

	/** What Xen and dom0 wrote to the console since the start. */
	get console(): string {
		return this.#console;
	}

	/**
	 * Makes a snapshot worth having: programs that tests use are in the page
	 * caches, and what the logs say from here on is a test's own doing.
	 */
	async prepare(): Promise<void> {
		for (const name of ['dom0', 'a', 'b']) {
			await this.get(name).run(warmUp, {timeout: 240_000});
		}
		await this.get('dom0').run('sync; dmesg -C; xl dmesg -c >/dev/null');
	}

	async stop(): Promise<void> {
		await this.machine.stop();
	}
}
