// SPDX-License-Identifier: MIT
import type {Store} from '../../../userland/xenstore/store.ts';
import {addressesOf, makeGuest, type Guest} from './guest.ts';
import {openNamespace, type Namespace} from './namespace.ts';
import {startReal, type Kind} from './real-xenstored.ts';
import {startAgent, type Agent, type Packets} from './traffic.ts';
import {layBridge, plug, unplug} from './wires.ts';
import {startFake, type Xenstored} from './xenstored.ts';

export type {Kind};

/** Packets that are to be lost are waited for so long, in ms; those that are to pass, longer. */
const lost = 250;
const passed = 3000;

/** Dom0 and its guests as they are without Coloop: namespaces, a bridge, XenStore, packets. */
export class Scene {
	readonly namespace: Namespace;
	readonly xenstored: Xenstored;
	/** Our own connection, as a toolstack's. */
	readonly xen: Store;
	readonly #guests = new Map<string, Guest>();
	readonly #agents = new Map<string, Agent>();
	readonly #undo: string[] = [];

	constructor({namespace, xenstored, xen}: Parts) {
		this.namespace = namespace;
		this.xenstored = xenstored;
		this.xen = xen;
	}

	/** Dom0 itself is there at first. */
	async setUp(): Promise<void> {
		await layBridge(this.namespace, addressesOf({name: 'dom0', domid: 0}));
		this.#guests.set('dom0', await makeGuest({name: 'dom0', domid: 0}, this.xenstored));
	}

	guest(name: string): Guest {
		const guest = this.#guests.get(name);
		if (guest === undefined) {
			throw new Error(`no guest is called ${name}`);
		}

		return guest;
	}

	/** A guest comes: its vif, its tree, its endpoint's hello. */
	async create(name: string, domid: number): Promise<Guest> {
		await plug(this.namespace, addressesOf({name, domid}));
		const guest = await makeGuest({name, domid}, this.xenstored);
		this.#guests.set(name, guest);
		await guest.hello();

		return guest;
	}

	/** And goes, with all that it had. */
	async destroy(name: string): Promise<void> {
		const guest = this.guest(name);
		this.#agents.get(name)?.close();
		this.#agents.delete(name);
		this.#guests.delete(name);
		await this.xen.remove(`/local/domain/0/backend/vif/${guest.domid}`);
		await this.xenstored.release(guest.domid);
		await unplug(this.namespace, guest);
	}

	/**
	 * Its tree goes and comes back, as if it had been destroyed and made again; its vif stays. A guest
	 * needs a while before it says hello: until `settled`, which is called when it has gone, too.
	 */
	async reboot(name: string, settled: () => Promise<unknown>): Promise<void> {
		const {domid} = this.guest(name);
		await this.xen.remove(`/local/domain/0/backend/vif/${domid}`);
		await this.xenstored.release(domid);
		await settled();
		const guest = await makeGuest({name, domid}, this.xenstored);
		this.#guests.set(name, guest);
		await settled();
		await guest.hello();
	}

	/** Runs a script in dom0; `undo` is run by `reset`, last first. */
	async sh(script: string, {undo}: {undo?: string} = {}): Promise<string> {
		if (undo !== undefined) {
			this.#undo.push(undo);
		}

		return await this.namespace.sh(script);
	}

	/** Undoes what the last case did. */
	async reset(): Promise<void> {
		const undo = this.#undo.splice(0).reverse();
		// One that fails leaves none of the others undone.
		const each = ['nft flush ruleset', ...undo].map(script => `( ${script} ) || failed=1`);
		await this.namespace.sh(['failed=0', ...each, 'exit $failed'].join('\n'));
	}

	/** Whether real packets pass from one to the other, and the answer back. */
	passes(from: string, to: string, packets: Packets = {}): Promise<boolean> {
		return this.#reach(from, to, packets, passed);
	}

	/** Whether they are lost, or refused. */
	async loses(from: string, to: string, packets: Packets = {}): Promise<boolean> {
		return !(await this.#reach(from, to, packets, lost));
	}

	/** From now on it answers such packets. */
	async serve(name: string, packets: Packets): Promise<void> {
		await this.#agent(name).serve(packets);
	}

	async #reach(from: string, to: string, packets: Packets, ms: number): Promise<boolean> {
		const {ip, ip6} = this.guest(to);
		await this.serve(to, packets);

		return await this.#agent(from).reach(packets.ip === 6 ? ip6 : ip, packets, ms);
	}

	#agent(name: string): Agent {
		const agent =
			this.#agents.get(name) ??
			startAgent(this.namespace, name === 'dom0' ? undefined : name);
		this.#agents.set(name, agent);

		return agent;
	}

	async close(): Promise<void> {
		this.#agents.forEach(agent => agent.close());
		await this.xenstored.close();
		await this.namespace.close();
	}
}

export type Parts = Pick<Scene, 'namespace' | 'xenstored' | 'xen'>;

export async function openParts(kind: 'fake' | Kind = 'fake'): Promise<Parts> {
	const namespace = await openNamespace();
	try {
		const {run} = namespace;
		const xenstored = await (kind === 'fake' ? startFake(run) : startReal(kind, namespace));

		return {namespace, xenstored, xen: await xenstored.connect(0)};
	} catch (error) {
		await namespace.close();
		throw error;
	}
}
