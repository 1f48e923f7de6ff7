// SPDX-License-Identifier: MIT
import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {ask} from '../../../userland/control/client.ts';
import type {Request, Status} from '../../../userland/control/protocol.ts';
import {program, startColoopd, type Coloopd, type LogLine} from './coloopd.ts';
import {Scene, type Parts} from './scene.ts';
import {until, type Patience} from './until.ts';

/** How coloopd is started. */
export type Words = {
	/** The host role alone without, as there is no module for an endpoint. */
	readonly role?: 'host' | 'auto';
	/** More words. */
	readonly args?: readonly string[];
};

type Pair = NonNullable<Status['pairs']>[number];

/** Dom0 with the programs of Coloop: the daemon, what it is told, and what it answers. */
export class Programs extends Scene {
	readonly #words: Words;
	readonly #daemons: Coloopd[] = [];
	#coloopd: Coloopd | undefined;

	constructor(parts: Parts, words: Words) {
		super(parts);
		this.#words = words;
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
		const {role = 'host', args: more = []} = this.#words;
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

		return this.until(
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

	/** Waits; what coloopd had to wait for a processor is not held against it. */
	until(
		condition: string,
		holds: () => Promise<boolean> | boolean,
		patience?: Patience,
	): Promise<number> {
		return until(condition, holds, patience, async () => (await this.#coloopd?.delayed()) ?? 0);
	}

	/** What coloopd still had to do it has done: it logs nothing for that many ms. */
	async quiet(ms = 100): Promise<void> {
		for (let before = -1; before !== this.said().length;) {
			before = this.said().length;
			await new Promise(resolve => setTimeout(resolve, ms));
		}
	}

	override async close(): Promise<void> {
		await Promise.all(this.#daemons.map(daemon => daemon.kill()));
		await super.close();
	}
}
