// SPDX-License-Identifier: MIT
import {spawn, type ChildProcessByStdio} from 'node:child_process';
import {once} from 'node:events';
import {createWriteStream} from 'node:fs';
import {readFile} from 'node:fs/promises';
import net, {type Socket} from 'node:net';
import path from 'node:path';
import type {Readable} from 'node:stream';
import {LabError} from './errors.ts';
import {Monitor} from './monitor.ts';
import {until} from './until.ts';

/** `multi` for races and stress, `icount` (time is instructions) for figures. */
export type Mode = 'multi' | 'icount';

const execution: Record<Mode, readonly string[]> = {
	multi: ['-accel', 'tcg,thread=multi', '-smp', '2'],
	icount: ['-accel', 'tcg,thread=single', '-smp', '1', '-icount', 'shift=1,sleep=off'],
};

// smap: the emulated IRET reads the guest's stack as the kernel. smep: same.
// rdtscp: PVH dies, no next-RIP. erms, fsrm: the kernel would copy by bytes.
const cpu = 'max,-smap,-smep,-erms,-fsrm,-rdtscp';

export type MachineOptions = {
	/** Where sockets and the console log go; one per machine. */
	readonly folder: string;
	/** QEMU for x86_64, a name or a path. */
	readonly emulator: string;
	readonly mode: Mode;
	readonly memoryMiB: number;
	readonly kernel: string;
	readonly kernelArguments: string;
	readonly initrd: string;
	/** Disks in the order that the machine sees them; a writable one is qcow2. */
	readonly disks: ReadonlyArray<{readonly file: string; readonly writable: boolean}>;
	readonly snapshot?: string;
	/** A plugin of the emulator, `FILE,name=value...`, as QEMU wants it. */
	readonly plugin?: string;
};

type Emulator = ChildProcessByStdio<null, Readable, Readable>;

/** An emulated computer with one serial port for its agent and one for its console. */
export class Machine {
	/** What comes out of the serial console, as text; also in console.log. */
	readonly output: Readable;
	readonly port: Socket;
	readonly ended: Promise<void>;
	readonly #process: Emulator;
	readonly #monitor: Monitor;

	private constructor(process: Emulator, port: Socket, monitor: Monitor) {
		this.output = process.stdout.setEncoding('utf8');
		this.port = port;
		this.#process = process;
		this.#monitor = monitor;
		this.ended =
			process.exitCode === null ? once(process, 'exit').then(() => {}) : Promise.resolve();
	}

	static async start(options: MachineOptions): Promise<Machine> {
		// A test that dies takes its machine with it.
		const process = spawn(
			'setpriv',
			['--pdeathsig', 'KILL', options.emulator, ...qemuArguments(options)],
			{cwd: options.folder, stdio: ['ignore', 'pipe', 'pipe']},
		);
		let complaint = '';
		process.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
		process.stdout.pipe(createWriteStream(path.join(options.folder, 'console.log')));
		process.on('error', error => (complaint += error.message));

		const alive = () => {
			if (process.exitCode !== null || process.pid === undefined) {
				throw new LabError(`QEMU ended at once: ${complaint}`);
			}
		};
		const connect = (name: string) => connectWhenThere(path.join(options.folder, name), alive);
		const port = await connect('agent.sock');
		const machine = new Machine(process, port, new Monitor(await connect('qmp.sock')));
		await machine.#monitor.execute('qmp_capabilities');
		await machine.#monitor.execute('cont');

		return machine;
	}

	/** Keeps memory, devices and the writable disk under a name; the machine goes on. */
	async save(name: string): Promise<void> {
		const answer = await this.#monitor.human(`savevm ${name}`);
		if (answer) {
			throw new LabError(`savevm: ${answer}`);
		}
	}

	/** A command of QEMU's own monitor, e.g. `info jit`. */
	ask(command: string): Promise<string> {
		return this.#monitor.human(command);
	}

	/** Processor time of all its threads until now, as /proc tells it: proc_pid_stat(5). */
	async cpuSeconds(): Promise<number> {
		const stat = await readFile(`/proc/${this.#process.pid}/stat`, 'utf8');
		// The name before it may hold anything. Ticks are 10 ms wherever Node runs on Linux.
		const [, user, system] = /\) (?:\S+ ){11}(\d+) (\d+) /.exec(stat) ?? [];

		return (Number(user) + Number(system)) / 100;
	}

	async stop(): Promise<void> {
		this.#process.kill('SIGKILL');
		await this.ended;
	}
}

function qemuArguments(options: MachineOptions): string[] {
	return [
		...execution[options.mode],
		...['-machine', 'pc', '-cpu', cpu, '-m', String(options.memoryMiB), '-rtc', 'clock=vm'],
		...['-nodefaults', '-display', 'none', '-no-reboot', '-S'],
		...[
			'-kernel',
			options.kernel,
			'-append',
			options.kernelArguments,
			'-initrd',
			options.initrd,
		],
		...['-serial', 'stdio', '-qmp', 'unix:qmp.sock,server=on,wait=off'],
		...['-device', 'virtio-serial-pci', '-device', 'virtserialport,chardev=agent,name=lab'],
		...['-chardev', 'socket,id=agent,path=agent.sock,server=on,wait=off'],
		...options.disks.flatMap(({file, writable}) => [
			'-drive',
			`file=${file},if=virtio,format=${writable ? 'qcow2' : 'raw,readonly=on'}`,
		]),
		...(options.snapshot === undefined ? [] : ['-loadvm', options.snapshot]),
		...(options.plugin === undefined ? [] : ['-plugin', options.plugin]),
	];
}

async function connectWhenThere(file: string, alive: () => void): Promise<Socket> {
	let socket: Socket | undefined;
	await until(`QEMU listens on ${file}`, async () => {
		alive();
		socket = await connected(net.connect(file));

		return socket !== undefined;
	});
	if (!socket) {
		throw new LabError(`no connection to ${file}`);
	}

	return socket;
}

async function connected(socket: Socket): Promise<Socket | undefined> {
	try {
		await once(socket, 'connect');

		return socket;
	} catch {
		return undefined;
	}
}
