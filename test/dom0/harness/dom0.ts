// SPDX-License-Identifier: MIT
import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {ask} from '../../../userland/control/client.ts';
import type {Request, Status} from '../../../userland/control/protocol.ts';
import {pathsOf} from '../../../userland/xenstore/paths.ts';
import type {Store} from '../../../userland/xenstore/store.ts';
import {program, startColoopd, type Coloopd, type LogLine} from './coloopd.ts';
import {addressesOf, makeGuest, type Guest} from './guest.ts';
import {openNamespace, type Namespace} from './namespace.ts';
import {startAgent, type Agent, type Kind} from './traffic.ts';
import {until, type Patience} from './until.ts';
import {layBridge, plug, unplug} from './wires.ts';
import {startFake, type Xenstored} from './xenstored.ts';

export type Dom0Options = {
	/** Names of the guests that are there from the start; domids from 3 on. */
	readonly guests?: readonly string[];
	/** The policy's only file; all pairs are allowed without. */
	readonly policy?: string;
	/** Of coloopd; the host role alone without, as there is no module for an endpoint. */
	readonly role?: 'host' | 'auto';
	/** Dom0's own endpoint says hello, played by us as those of the guests are. */
	readonly dom0Speaks?: boolean;
	/** False: the case starts coloopd itself. */
	readonly start?: boolean;
	/** More words for coloopd. */
	readonly args?: readonly string[];
};

type Pair = NonNullable<Status['pairs']>[number];

export const allowAll = 'version: 1\npairs:\n  - allow: ["*", "*"]\naccept:\n  - allow: "*"\n';

/** Real packets that are to be lost are waited for so long; those that pass, longer. */
const lost = 250;
const passed = 3000;

/** A dom0 without Xen: namespaces, a bridge, a xenstored, guests and a real coloopd. */
export class Dom0 {
	readonly namespace: Namespace;
	readonly xenstored: Xenstored;
	/** Our own connection, as a toolstack's. */
	readonly xen: Store;
	readonly guests = new Map<string, Guest>();
	readonly #options: Dom0Options;
	readonly #agents = new Map<string, Agent>();
	readonly #undo: string[] = [];
	readonly #daemons: Coloopd[] = [];
	#coloopd: Coloopd | undefined;

	private constructor(
		namespace: Namespace,
		xenstored: Xenstored,
		xen: Store,
		options: Dom0Options,
	) {
		this.namespace = namespace;
		this.xenstored = xenstored;
		this.xen = xen;
		this.#options = options;
	}

	static async open(options: Dom0Options = {}): Promise<Dom0> {
		const namespace = await openNamespace();
		const xenstored = await startFake(namespace.run);
		const dom0 = new Dom0(namespace, xenstored, await xenstored.connect(0), options);
		await layBridge(namespace, addressesOf({name: 'dom0', domid: 0}));
		await dom0.setPolicy(options.policy ?? allowAll);
		const self = await makeGuest({name: 'dom0', domid: 0}, xenstored);
		dom0.guests.set('dom0', self);
		if (options.dom0Speaks) await self.hello();
		for (const [index, name] of (options.guests ?? []).entries()) {
			await dom0.create(name, 3 + index);
		}
		if (options.start !== false) dom0.start();
		return dom0;
	}

	/** The daemon that runs, or ran last. */
	get coloopd(): Coloopd {
		if (this.#coloopd === undefined) throw new Error('coloopd was never started');
		return this.#coloopd;
	}

	/** Starts coloopd. */
	start(...args: readonly string[]): Coloopd {
		this.#coloopd = this.startAnother(...args);
		return this.#coloopd;
	}

	startAnother(...args: readonly string[]): Coloopd {
		const {role = 'host', args: more = []} = this.#options;
		const coloopd = startColoopd(this.namespace, [
			...['--role', role, '--policy', '/run/policy.d', ...more, ...args],
		]);

		this.#daemons.push(coloopd);
		return coloopd;
	}

	/** All that any coloopd of ours has logged. */
	said(): LogLine[] {
		return this.#daemons.flatMap(({log}) => log);
	}

	guest(name: string): Guest {
		const guest = this.guests.get(name);
		if (guest === undefined) throw new Error(`no guest is called ${name}`);
		return guest;
	}

	/** A guest comes: its vif, its tree, its endpoint's hello. */
	async create(name: string, domid: number): Promise<Guest> {
		await plug(this.namespace, addressesOf({name, domid}));
		const guest = await makeGuest({name, domid}, this.xenstored);
		this.guests.set(name, guest);
		await guest.hello();
		return guest;
	}

	/** And goes, with all that it had. */
	async destroy(name: string): Promise<void> {
		const guest = this.guest(name);
		this.#agents.get(name)?.close();
		this.#agents.delete(name);
		this.guests.delete(name);
		await this.xen.remove(`/local/domain/0/backend/vif/${guest.domid}`);
		await this.xenstored.release(guest.domid);
		await unplug(this.namespace, guest);
	}

	/** Runs a script in dom0; `undo` is run by `reset`, last first. */
	async sh(script: string, {undo}: {undo?: string} = {}): Promise<string> {
		if (undo !== undefined) this.#undo.push(undo);
		return await this.namespace.sh(script);
	}

	/** The real CLI; throws where it does not exit with 0. */
	async coloop(...words: readonly string[]): Promise<string> {
		const line = [...program('coloop'), ...words].map(word => `'${word}'`).join(' ');
		return await this.namespace.sh(line);
	}

	/** What the CLI would ask, without a process of its own. */
	async ask(request: Request): Promise<Status | undefined> {
		return await ask(join(this.namespace.run, 'coloop/coloopd.sock'), request);
	}

	async setPolicy(text: string): Promise<void> {
		const folder = join(this.namespace.run, 'policy.d');
		await mkdir(folder, {recursive: true, mode: 0o755});
		await writeFile(join(folder, '10-test.yaml'), text, {mode: 0o644});
	}

	/** What dom0 shows of a pair; undefined before it knows both. */
	async pair(a: string, b: string): Promise<Pair | undefined> {
		const [first, second] = [this.guest(a).domid, this.guest(b).domid].sort((x, y) => x - y);
		const pairs = (await this.ask({op: 'status'}))?.pairs ?? [];
		return pairs.find(pair => pair.a.domid === first && pair.b.domid === second);
	}

	/** Both were told of each other, by what XenStore holds. */
	async isAnnounced(a: string, b: string): Promise<boolean> {
		const told = async (to: string, of: string) =>
			(await this.xen.read(
				`${pathsOf(this.guest(to).domid).peers}/${this.guest(of).domid}`,
			)) !== undefined;
		return (await told(a, b)) && (await told(b, a));
	}

	/** Neither is told of the other any more. */
	async isWithdrawn(a: string, b: string): Promise<boolean> {
		const node = (to: string, of: string) =>
			`${pathsOf(this.guest(to).domid).peers}/${this.guest(of).domid}`;
		return (
			(await this.xen.read(node(a, b))) === undefined &&
			(await this.xen.read(node(b, a))) === undefined
		);
	}

	/** Answers how many ms that took, as the next does. */
	announced(a: string, b: string, patience?: Patience): Promise<number> {
		return until(`${a} and ${b} announced`, () => this.isAnnounced(a, b), patience);
	}

	withdrawn(a: string, b: string, patience?: Patience): Promise<number> {
		return until(`${a} and ${b} withdrawn`, () => this.isWithdrawn(a, b), patience);
	}

	/** Stays announced, without a gap, for that many ms. */
	async keeps(a: string, b: string, ms = 400): Promise<boolean> {
		const from = this.coloopd.log.length;
		await new Promise(resolve => setTimeout(resolve, ms));
		const ids = [this.guest(a).domid, this.guest(b).domid];
		const gone = this.coloopd.log
			.slice(from)
			.some(
				({event, domid, peer_domid}) =>
					event === 'peer.withdrawn' &&
					ids.includes(Number(domid)) &&
					ids.includes(Number(peer_domid)),
			);
		return !gone && (await this.isAnnounced(a, b));
	}

	/** Whether real packets pass from one to the other, and the answer back. */
	passes(from: string, to: string, kind: Kind = {}): Promise<boolean> {
		return this.#reach(from, to, kind, passed);
	}

	/** Whether they are lost, or refused. */
	async loses(from: string, to: string, kind: Kind = {}): Promise<boolean> {
		return !(await this.#reach(from, to, kind, lost));
	}

	async #reach(from: string, to: string, kind: Kind, ms: number): Promise<boolean> {
		const {ip, ip6} = this.guest(to);
		await this.#agent(to).serve(kind);
		return await this.#agent(from).reach(kind.ip === 6 ? ip6 : ip, kind, ms);
	}

	#agent(name: string): Agent {
		const known = this.#agents.get(name);
		const agent =
			known ?? startAgent(this.namespace, ...(name === 'dom0' ? ([] as const) : [name]));
		this.#agents.set(name, agent);
		return agent;
	}

	/** Undoes what the last case did; through when every pair of the guests is announced again. */
	async reset(): Promise<void> {
		const undo = this.#undo.splice(0).reverse();
		await this.namespace.sh(['nft flush ruleset', ...undo].join('\n'));
	}

	async close(): Promise<void> {
		this.#agents.forEach(agent => agent.close());
		await Promise.all(this.#daemons.map(daemon => daemon.kill()));
		await this.xenstored.close();
		await this.namespace.close();
	}
}
