// SPDX-License-Identifier: MIT
import {once} from 'node:events';
import net from 'node:net';
import {LabError} from './errors.ts';
import type {Guest} from './guest.ts';
import {Lab, type LabOptions} from './lab.ts';

/** Emulated hosts move a guest in minutes. */
const slow = {timeout: 1_200_000};

/** What tells the hosts apart: both are restored from the same snapshot. */
const hosts = {
	one: {end: 'listen', address: '10.0.0.254', mac: '00:16:3e:00:00:fe', move: '10.9.0.1'},
	two: {end: 'connect', address: '10.0.0.253', mac: '00:16:3e:00:00:fd', move: '10.9.0.2'},
} as const;

type Name = keyof typeof hosts;

/** Guests' memory travels on a VLAN of its own, whose frames are as long as can be. */
const moveVlan = 9;
const cardMtu = 60_000;
const receiverPort = 8002;

/** What b has then; every page of it travels. */
const memoryMiB = 300;

/**
 * Two Xen hosts with PVH guests, whose bridges are one network. Guest a lives on host one and stays; b
 * begins on host two, and can be moved. In counted time both hosts count together: setup/emulator-wire.c.
 */
export class TwoHosts {
	readonly one: Lab;
	readonly two: Lab;
	#home: Name = 'two';

	private constructor(one: Lab, two: Lab) {
		this.one = one;
		this.two = two;
	}

	static async start(options: LabOptions = {}): Promise<TwoHosts> {
		const {say = () => {}} = options;
		const lab = (name: Name) =>
			Lab.start({...options, type: 'pvh', say: line => say(`${name} ${line}`)});
		// One after the other: the first may have to make the snapshot.
		const one = await lab('one');
		try {
			const two = await lab('two');
			try {
				const joined = new TwoHosts(one, two);
				await joined.#join();

				return joined;
			} catch (error) {
				await two.stop();
				throw error;
			}
		} catch (error) {
			await one.stop();
			throw error;
		}
	}

	get a(): Guest {
		return this.one.a;
	}

	/** Wherever it is. What it runs for somebody ends when it moves; what runs by itself goes on. */
	get b(): Guest {
		return this[this.#home].b;
	}

	/** Where b is. */
	get home(): Lab {
		return this[this.#home];
	}

	/** Moves b to the other host, alive; resolves when it answers there. */
	async moveB(): Promise<void> {
		const [from, to]: [Name, Name] = this.#home === 'one' ? ['one', 'two'] : ['two', 'one'];
		const receiver = this[to].dom0.spawn(
			`exec socat -t 60 TCP-LISTEN:${receiverPort},reuseaddr EXEC:'xl migrate-receive'`,
		);
		await this[to].dom0.run(
			`until ss -Htln sport = ${receiverPort} | grep -q .; do busybox usleep 50000; done`,
		);
		// With no program to reach the other host, the shell runs what stands for its name.
		await this[from].dom0.run(
			`xl migrate -s '' b 'socat -t 60 - TCP:${hosts[to].move}:${receiverPort}'`,
			slow,
		);
		const {status, stderr} = await receiver.done;
		if (status !== 0) {
			throw new LabError(`xl migrate-receive: status ${status}: ${stderr}`);
		}
		this.#home = to;
		await this[to].answers('b');
	}

	async stop(): Promise<void> {
		await Promise.all([this.one.stop(), this.two.stop()]);
	}

	async #join(): Promise<void> {
		const port = await freePort();
		await this.one.dom0.run('xl destroy b', slow);
		await this.two.dom0.run(`xl destroy a && xl mem-set b ${memoryMiB}m`, slow);
		await plug(this.one, 'one', port);
		await plug(this.two, 'two', port);
		await this.one.dom0.run(`ping -c 1 -W 10 ${hosts.two.move}`, slow);
		await this.a.run('ping -c 1 -W 10 b', slow);
	}
}

/** Gives a host a network card, at one end of the wire, and its place in the network. */
async function plug(lab: Lab, name: Name, port: number): Promise<void> {
	const {end, address, mac, move} = hosts[name];
	const card = mac.replace('3e:00', '3e:09');
	// With a timer of the machine's: otherwise what is sent waits for a thread of this machine.
	const device = `virtio-net-pci,netdev=wire,mac=${card},tx=timer,x-txtimer=10000,ioeventfd=off,romfile=`;
	for (const command of [
		`netdev_add socket,id=wire,${end}=127.0.0.1:${port}`,
		`device_add ${device}`,
	]) {
		const complaint = await lab.ask(command);
		if (complaint) {
			throw new LabError(`${command}: ${complaint}`);
		}
	}
	await lab.dom0.run(
		`modprobe -a virtio_net 8021q
		until grep -qs ${card} /sys/class/net/eth0/address; do busybox usleep 100000; done
		ip link set eth0 mtu ${cardMtu} up
		ip link add link eth0 name move mtu ${cardMtu - 4} type vlan id ${moveVlan}
		ip link set move up && ip addr add ${move}/24 dev move
		ip link set xenbr0 address ${mac} mtu 1500
		ip addr flush dev xenbr0 && ip addr add ${address}/24 dev xenbr0
		ip link set eth0 master xenbr0`,
		slow,
	);
}

async function freePort(): Promise<number> {
	const server = net.createServer().listen(0, '127.0.0.1');
	await once(server, 'listening');
	const address = server.address();
	server.close();
	await once(server, 'close');
	if (address === null || typeof address === 'string') {
		throw new LabError('no free port');
	}

	return address.port;
}
