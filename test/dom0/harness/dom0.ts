// SPDX-License-Identifier: MIT
import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {ask} from '../../../userland/control/client.ts';
import type {Request, Status} from '../../../userland/control/protocol.ts';
import {pathsOf} from '../../../userland/xenstore/paths.ts';
import {program, startColoopd, type Coloopd, type LogLine} from './coloopd.ts';
import {openParts, Scene, type Kind, type Parts} from './scene.ts';
import {until, type Patience} from './until.ts';

export type Dom0Options = {
	/** Names of the guests that are there from the start; domids from 3 on. */
	readonly guests?: readonly string[];
	/** The policy's only file; all pairs are allowed without. */
	readonly policy?: string;
	/** Which xenstored; the fake of the unit tests without. */
	readonly xenstored?: 'fake' | Kind;
	/** Of coloopd; the host role alone without, as there is no module for an endpoint. */
	readonly role?: 'host' | 'auto';
	/** Dom0's own endpoint says hello, played by us as those of the guests are. */
	readonly dom0Speaks?: boolean;
	/** A script that is run in dom0 first. */
	readonly setUp?: string;
	/** False: the case starts coloopd itself. */
	readonly start?: boolean;
	/** More words for coloopd. */
	readonly args?: readonly string[];
};

type Pair = NonNullable<Status['pairs']>[number];

export const allowAll = 'version: 1\npairs:\n  - allow: ["*", "*"]\naccept:\n  - allow: "*"\n';

/** A dom0 without Xen, and the real coloopd in it. */
export class Dom0 extends Scene {
	readonly #options: Dom0Options;
	readonly #daemons: Coloopd[] = [];
	#coloopd: Coloopd | undefined;

	private constructor(parts: Parts, options: Dom0Options) {
		super(parts);
		this.#options = options;
	}

	static async open(options: Dom0Options = {}): Promise<Dom0> {
		const dom0 = new Dom0(await openParts(options.xenstored), options);
		try {
			await dom0.setUp();
			if (options.setUp !== undefined) {
				await dom0.sh(options.setUp);
			}
			await dom0.setPolicy(options.policy ?? allowAll);
			if (options.dom0Speaks) {
				await dom0.guest('dom0').hello();
			}
			for (const [index, name] of (options.guests ?? []).entries()) {
				await dom0.create(name, 3 + index);
			}
			if (options.start !== false) {
				dom0.start();
			}

			return dom0;
		} catch (error) {
			await dom0.close();
			throw error;
		}
	}

	/** The daemon that runs, or ran last. */
	get coloopd(): Coloopd {
		if (this.#coloopd === undefined) {
			throw new Error('coloopd was never started');
		}

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

	/** Waits until dom0 shows the pair so. */
	shows(a: string, b: string, what: Partial<Pair>, patience?: Patience): Promise<number> {
		const wanted = Object.entries(what);

		return until(
			`${a} and ${b} shown as ${JSON.stringify(what)}`,
			async () => {
				const pair = await this.pair(a, b).catch(() => undefined);

				return (
					pair !== undefined &&
					wanted.every(([key, value]) => pair[key as keyof Pair] === value)
				);
			},
			patience,
		);
	}

	/** Both were told of each other, by what XenStore holds. */
	async isAnnounced(a: string, b: string): Promise<boolean> {
		return (await this.#told(a, b)).every(text => text !== undefined);
	}

	/** Neither is told of the other any more. */
	async isWithdrawn(a: string, b: string): Promise<boolean> {
		return (await this.#told(a, b)).every(text => text === undefined);
	}

	async #told(a: string, b: string): Promise<(string | undefined)[]> {
		const [first, second] = [this.guest(a).domid, this.guest(b).domid];

		return await Promise.all([
			this.xen.read(`${pathsOf(first).peers}/${second}`),
			this.xen.read(`${pathsOf(second).peers}/${first}`),
		]);
	}

	/** Answers how many ms that took, as the next does. */
	announced(a: string, b: string, patience?: Patience): Promise<number> {
		return until(`${a} and ${b} announced`, () => this.isAnnounced(a, b), patience);
	}

	withdrawn(a: string, b: string, patience?: Patience): Promise<number> {
		return until(`${a} and ${b} withdrawn`, () => this.isWithdrawn(a, b), patience);
	}

	/** What `from` offers has been passed on. */
	relayed(from: string, to: string, patience?: Patience): Promise<number> {
		const path = `${pathsOf(this.guest(to).domid).relayed}/${this.guest(from).domid}`;
		const isThere = async () => (await this.xen.read(path)) !== undefined;

		return until(`${to} has the offer of ${from}`, isThere, patience);
	}

	/** One end no longer knows that domid; for when the other end is gone. */
	withdrawnFrom(name: string, domid: number, patience?: Patience): Promise<number> {
		const path = `${pathsOf(this.guest(name).domid).peers}/${domid}`;
		const isGone = async () => (await this.xen.read(path)) === undefined;

		return until(`${domid} withdrawn from ${name}`, isGone, patience);
	}

	/** What coloopd still had to do it has done: it logs nothing for that many ms. */
	async quiet(ms = 100): Promise<void> {
		for (let before = -1; before !== this.said().length;) {
			before = this.said().length;
			await new Promise(resolve => setTimeout(resolve, ms));
		}
	}

	/** Stays announced, without a gap, for that many ms. */
	async keeps(a: string, b: string, ms = 400): Promise<boolean> {
		const from = this.coloopd.log.length;
		await new Promise(resolve => setTimeout(resolve, ms));
		const ids = [this.guest(a).domid, this.guest(b).domid];
		const isGone = ({event, domid, peer_domid}: LogLine) =>
			event === 'peer.withdrawn' && [domid, peer_domid].every(id => ids.includes(Number(id)));

		return !this.coloopd.log.slice(from).some(isGone) && (await this.isAnnounced(a, b));
	}

	override async close(): Promise<void> {
		await Promise.all(this.#daemons.map(daemon => daemon.kill()));
		await super.close();
	}
}
