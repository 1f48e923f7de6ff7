// SPDX-License-Identifier: MIT
import {existsSync} from 'node:fs';
import {isDeepStrictEqual} from 'node:util';
import {eventQueue} from '../event-queue.ts';
import {bridgeSource} from './bridge.ts';
import {databaseSource} from './database.ts';
import {createKept, type Kept} from './kept.ts';
import type {Database} from './rows.ts';
import type {OvsState, Switching} from './types.ts';

export type OvsOptions = {
	/** Where Open vSwitch has its sockets. */
	readonly runDir?: string;
	/** Milliseconds between two looks at what Open vSwitch does not tell by itself. */
	readonly period?: number;
	/** Milliseconds for which a switch that does not answer is taken to do as before. */
	readonly grace?: number;
};

/** Open vSwitch in dom0, which may have none. What cannot be read is in what it says, and no error. */
export class Ovs {
	readonly #options: Required<OvsOptions>;
	readonly #database: Kept<Database>;
	/** Of those bridges that somebody asks about. */
	readonly #switching = new Map<string, Kept<Switching>>();
	readonly #listeners = new Set<() => void>();
	readonly #changed = () => this.#listeners.forEach(tell => tell());
	#isHere = false;
	/** What was read last, and what it was made of. */
	#last: {rest: unknown; switching: readonly unknown[]; state: OvsState} | undefined;

	constructor({runDir = '/run/openvswitch', period = 500, grace = 10_000}: OvsOptions = {}) {
		this.#options = {runDir, period, grace};
		this.#database = createKept(databaseSource(this.#socket), this.#keeping);
	}

	/** The bridge of each device that is known to be on one. */
	async bridges(): Promise<ReadonlyMap<string, string>> {
		const {known} = await this.#readDatabase();

		return new Map(known.ports.map(({device, bridge}) => [device, bridge]));
	}

	/** All that may decide about frames between these devices; the same object while nothing changed. */
	async read(devices: readonly string[]): Promise<OvsState> {
		const {known, problem} = await this.#readDatabase();
		const asked = new Set(devices);
		const here = known.ports.filter(({device}) => asked.has(device));
		const names = new Set(here.map(({bridge}) => bridge));
		const rows = known.bridges.filter(({name}) => names.has(name));

		this.#keep(names);
		const switching = await Promise.all(
			rows.map(({name}) => this.#switching.get(name)?.get().catch(reasonOf)),
		);
		const rest = {rows, here, problem, asked: [...asked]};
		const isSame =
			this.#last !== undefined &&
			switching.every((each, at) => each === this.#last?.switching[at]) &&
			isDeepStrictEqual(rest, this.#last.rest);
		if (this.#last === undefined || !isSame) {
			const bridges = rows.map((row, at) => ({...row, switching: switching[at] ?? ''}));
			const state = {
				bridges: new Map(bridges.map(each => [each.name, each])),
				ports: new Map(here.map(each => [each.device, each])),
				problem,
			};
			this.#last = {rest, switching, state};
		}

		return this.#last.state;
	}

	/** Says `changed` once now, and whenever something may have changed. A hint: read again. */
	hints(signal: AbortSignal): AsyncIterable<'changed'> {
		const timer = setInterval(() => void this.#look(), this.#options.period);
		const tell = () => queue.push('changed');
		const stop = () => {
			clearInterval(timer);
			this.#listeners.delete(tell);
			this.close();
		};
		const queue = eventQueue<'changed'>({signal, overflow: 'changed', stop});

		this.#listeners.add(tell);
		tell();

		return queue;
	}

	/** Ends all connections; a read opens them again. */
	close(): void {
		[this.#database, ...this.#switching.values()].forEach(kept => kept.close());
	}

	get #socket(): string {
		return `${this.#options.runDir}/db.sock`;
	}

	get #keeping() {
		return {grace: this.#options.grace, changed: this.#changed};
	}

	async #readDatabase(): Promise<{known: Database; problem: string | undefined}> {
		this.#isHere ||= existsSync(this.#socket);
		if (!this.#isHere) {
			return {known: nothing, problem: undefined};
		}
		try {
			const known = await this.#database.get();
			const waits = 'Open vSwitch waits for its flows to be restored (flow-restore-wait)';

			return {known, problem: known.isRestoring ? waits : undefined};
		} catch (error) {
			return {known: nothing, problem: `Open vSwitch cannot be read: ${reasonOf(error)}`};
		}
	}

	/** Bridges that nobody asks about any more are not listened to either. */
	#keep(names: ReadonlySet<string>): void {
		for (const [name, kept] of this.#switching) {
			if (!names.has(name)) {
				kept.close();
				this.#switching.delete(name);
			}
		}
		for (const name of names) {
			if (!this.#switching.has(name)) {
				const source = bridgeSource(this.#options.runDir, name);
				this.#switching.set(name, createKept(source, this.#keeping));
			}
		}
	}

	async #look(): Promise<void> {
		if (!this.#isHere && existsSync(this.#socket)) {
			this.#changed();
		}
		const kept = [this.#database, ...this.#switching.values()];
		await Promise.all(kept.map(each => each.look()));
	}
}

const nothing: Database = {bridges: [], ports: [], isRestoring: false};

function reasonOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
