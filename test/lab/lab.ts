// SPDX-License-Identifier: MIT
import {existsSync} from 'node:fs';
import {copyFile, mkdir, mkdtemp, readdir, rename, rm} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import {begun, type Beginning} from './beginning.ts';
import {pack, unpackCommand} from './cargo.ts';
import {CrashError, LabError} from './errors.ts';
import type {Guest} from './guest.ts';
import {asGuestName, type GuestOptions} from './guest-config.ts';
import {Host} from './host.ts';
import {stackFromEnvironment, usualMode, usualType} from './images.ts';
import {cache} from './paths.ts';
import {snapshot, snapshotName, type Flavour} from './snapshot.ts';

export type LabOptions = Partial<Flavour> & {
	/** Whether build/stack-N goes in; without it the lab is bare Debian. */
	readonly builds?: boolean;
	/** What has happened before; without it the machines have just been booted. */
	readonly begins?: Beginning;
	/** A plugin of the emulator, as machine.ts takes it; it is not in the snapshot. */
	readonly plugin?: string;
	/** Hears each command as it is run. */
	readonly say?: (line: string) => void;
};

/** A Xen host of one's own with guests a and b, as it was when the snapshot was made. */
export class Lab {
	readonly flavour: Flavour;
	/** Milliseconds from the start of QEMU until every machine answered. */
	readonly restoreMs: number;
	readonly #folder: string;
	readonly #host: Host;
	readonly #builds: boolean;

	private constructor(
		flavour: Flavour,
		folder: string,
		host: Host,
		builds: boolean,
		restoreMs: number,
	) {
		this.flavour = flavour;
		this.restoreMs = restoreMs;
		this.#folder = folder;
		this.#host = host;
		this.#builds = builds;
	}

	static async start(options: LabOptions = {}): Promise<Lab> {
		const {stack = stackFromEnvironment()} = options;
		const {mode = usualMode(stack), type = usualType(stack)} = options;
		const {builds = true, say = () => {}} = options;
		const flavour = {stack, mode, type};
		const {images, emulator, disk: bare} = await snapshot(flavour, say);
		const saved = options.begins
			? await begun(options.begins, bare, disk => Lab.#begin(options, disk))
			: bare;

		const folder = await runFolder();
		const disk = path.join(folder, 'disk.qcow2');
		await copyFile(saved, disk);
		if (builds) {
			await pack(stack, folder);
		}
		const from = Date.now();
		const host = await Host.start({
			...{folder, images, emulator, mode, disk, say},
			snapshot: snapshotName,
			...(options.plugin === undefined ? {} : {plugin: options.plugin}),
		});
		try {
			await Promise.all(['dom0', 'a', 'b'].map(name => settle(host, name)));
			const lab = new Lab(flavour, folder, host, builds, Date.now() - from);
			if (builds) {
				await lab.#unpack(['dom0', 'a', 'b']);
			}

			return lab;
		} catch (error) {
			await host.stop();
			const why = error instanceof Error ? error.message : String(error);
			throw new LabError(`restored machines do not answer: ${why}`, {cause: error});
		}
	}

	/** Makes what tests begin with, and moves the disk with its snapshot to a place that is kept. */
	static async #begin({begins, ...options}: LabOptions, disk: string): Promise<void> {
		const lab = await Lab.start(options);
		try {
			await begins?.make(lab);
			await lab.#host.machine.save(snapshotName);
			await lab.#host.stop();
			await rename(path.join(lab.#folder, 'disk.qcow2'), disk);
		} finally {
			await lab.stop();
		}
	}

	get dom0(): Guest {
		return this.#host.get('dom0');
	}

	get a(): Guest {
		return this.#host.get('a');
	}

	get b(): Guest {
		return this.#host.get('b');
	}

	get(name: string): Guest {
		return this.#host.get(name);
	}

	/** What Xen and dom0 wrote to the console since the restore. */
	get consoleText(): string {
		return this.#host.console;
	}

	/** Processor time that the emulator has used until now. */
	cpuSeconds(): Promise<number> {
		return this.#host.machine.cpuSeconds();
	}

	/** A command of QEMU's own monitor, e.g. `device_add`. */
	ask(command: string): Promise<string> {
		return this.#host.machine.ask(command);
	}

	/** Resolves when QEMU ends by itself. */
	get ended(): Promise<void> {
		return this.#host.machine.ended;
	}

	/** Creates a guest (c, d, or a and b again after their end) with the builds in it. */
	async create(machine: string, options: GuestOptions = {}): Promise<Guest> {
		const name = asGuestName(machine);
		const created = this.#host.create(name, {type: this.flavour.type, ...options});
		const guest = await this.#orLastWords(name, created);
		await settle(this.#host, name);
		if (this.#builds) {
			await this.#unpack([name]);
		}

		return guest;
	}

	/** Waits until a machine that was away runs commands again. */
	answers(machine: string): Promise<void> {
		return this.#orLastWords(machine, this.#host.answers(machine));
	}

	/** Puts what build/stack-N holds now into machines that run. */
	async push(machines: readonly string[] = ['dom0', 'a', 'b']): Promise<void> {
		await pack(this.flavour.stack, this.#folder);
		await this.#unpack(machines);
	}

	async stop(): Promise<void> {
		await this.#host.stop();
		await rm(this.#folder, {recursive: true, force: true});
	}

	/** Whoever does not come up says on its console how far it got. */
	async #orLastWords<T>(machine: string, up: Promise<T>): Promise<T> {
		try {
			return await up;
		} catch (cause) {
			if (cause instanceof CrashError) {
				throw cause;
			}
			const look = `xl list; xl vcpu-list ${machine}; tail -n 30 /var/log/xen/guest-${machine}.log`;
			const {stdout} = await this.dom0.run(look, {fails: 'maybe', silent: true});
			const message = cause instanceof Error ? cause.message : String(cause);
			throw new LabError(`${message}\n${stdout}`, {cause});
		}
	}

	async #unpack(machines: readonly string[]): Promise<void> {
		const command = (name: string) => unpackCommand(name === 'dom0' ? '/dev/vdc' : '/dev/xvdb');
		await Promise.all(machines.map(name => this.get(name).run(command(name), {silent: true})));
	}
}

// Named after us, so that those of processes that were killed can be told and removed.
async function runFolder(): Promise<string> {
	const run = path.join(cache, 'run');

	await mkdir(run, {recursive: true});
	for (const name of await readdir(run)) {
		const pid = /^lab-(\d+)-/.exec(name)?.[1];
		if (pid !== undefined && !existsSync(`/proc/${pid}`)) {
			await rm(path.join(run, name), {recursive: true, force: true});
		}
	}

	return mkdtemp(path.join(run, `lab-${process.pid}-`));
}

// The snapshot's clock stood still.
async function settle(host: Host, name: string): Promise<void> {
	await host
		.get(name)
		.run(`date -s @${Math.floor(Date.now() / 1000)} >/dev/null`, {silent: true});
}
