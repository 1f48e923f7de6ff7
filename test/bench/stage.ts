// SPDX-License-Identifier: MIT
import {parseAnswer, type Request} from '../../userland/control/protocol.ts';
import {defaultRingPages} from '../../userland/policy/pages.ts';
import {isLive, patient, start, status, writePolicy} from '../lab/channel.ts';
import type {Guest} from '../lab/guest.ts';
import type {Lab} from '../lab/lab.ts';
import {until} from '../lab/until.ts';
import {Daemons} from './daemons.ts';
import type {Place} from './measure.ts';
import type {Network} from './row.ts';
import type {Group} from './rows/groups.ts';

/** dom0's policy for pairs of guests, whose rings have from the start the size that they may grow to. */
export function policyFor(
	pairs: ReadonlyArray<readonly string[]>,
	ringPages: number = defaultRingPages,
): string {
	const rules = pairs.map(
		pair =>
			`  - allow: [${pair.map(each => `'${each}'`).join(', ')}]\n` +
			`    ring_pages: ${ringPages}\n    ring_pages_min: ${ringPages}\n`,
	);
	const list = rules.length === 0 ? ' []\n' : `\n${rules.join('')}`;

	return `version: 1\npairs:${list}accept:\n  - allow: '*'\n`;
}

const none = policyFor([]);

/** Who talks: all that a stage needs to know of a group. */
export type Cast = Pick<Group, 'client' | 'server' | 'self'>;

/** A lab with Coloop in it, where a group's pair has a channel when an arm wants it. */
export class Stage {
	readonly lab: Lab;
	readonly group: Cast;
	readonly #daemons = new Daemons();

	constructor(lab: Lab, group: Cast) {
		this.lab = lab;
		this.group = group;
	}

	static async load({dom0, a, b}: Lab): Promise<void> {
		await Promise.all([start(dom0, none), start(a), start(b)]);
	}

	get client(): Guest {
		return this.lab.get(this.group.client);
	}

	/** Where the rows of the group run in an arm. */
	place(arm: Network): Place {
		const {server, self} = this.group;

		return arm === 'loopback'
			? {machine: this.lab.b, address: self}
			: {machine: this.client, address: server};
	}

	/** From now on nothing but a row's programs takes time. */
	async rest(machines = [this.lab.dom0, this.lab.a, this.lab.b]): Promise<void> {
		await this.#daemons.stop(machines);
	}

	/** Daemons look and answer again. */
	async wake(): Promise<void> {
		await this.#daemons.goOn();
	}

	/** Makes the way of an arm the one that packets take; loopback does not care. */
	async turnTo(arm: Network): Promise<void> {
		if (arm === 'channel') {
			await this.open();
		}
		if (arm === 'netfront') {
			await this.close();
		}
		// What a path was like must not slow down the next one.
		for (const each of [this.lab.dom0, this.lab.a, this.lab.b]) {
			await each.run('ip tcp_metrics flush', {silent: true});
		}
	}

	/** The pair may have a channel; it opens with the next packet. */
	async permit(ringPages?: number): Promise<void> {
		await this.wake();
		await applyPolicy(this.lab, policyFor([[this.group.client, 'b']], ringPages));
		const ready = async ({name}: Guest, other: string) =>
			(await status(this.lab.get(name))).peers.some(({peer}) => peer === other);
		await until(
			'both ends know that they may',
			async () =>
				(await ready(this.client, 'b')) && (await ready(this.lab.b, this.#clientName)),
			patient,
		);
	}

	/** No machine has a channel. */
	async close(): Promise<void> {
		await this.wake();
		await applyPolicy(this.lab, none);
		const idle = async (machine: Guest) => (await status(machine)).module?.channels === 0;
		await until(
			'no channel is left',
			async () => (await idle(this.client)) && (await idle(this.lab.b)),
			patient,
		);
	}

	async isLive(): Promise<boolean> {
		return (await isLive(this.client, 'b')) && (await isLive(this.lab.b, this.#clientName));
	}

	/** A channel that was live before stays as it is, with the rings that it has. */
	async open(ringPages?: number): Promise<void> {
		await this.wake();
		if (await this.isLive()) {
			return;
		}
		await this.permit(ringPages);
		const packet = `ping -c 1 -W 1 ${this.group.server}`;
		await until(
			`${this.client.name} and b have a channel`,
			async () => {
				await this.client.run(packet, {fails: 'maybe', silent: true});

				return this.isLive();
			},
			// Where nothing is diverted it never comes up.
			{timeout: 180_000, every: 500},
		);
	}

	/** The client as b knows it. */
	get #clientName(): string {
		return this.group.client === 'dom0' ? 'Domain-0' : this.group.client;
	}
}

/** Gives dom0 another policy. */
export async function applyPolicy({dom0}: Lab, policy: string): Promise<void> {
	await writePolicy(dom0, policy);
	await ask(dom0, {op: 'reload'});
}

/**
 * Asks a daemon for something, without the seconds that an emulated `coloop` takes to start. A
 * policy that it refuses is an error.
 */
export async function ask(machine: Guest, request: Request): Promise<void> {
	const line = JSON.stringify(request);
	const {stdout} = await machine.run(`echo '${line}' | nc -U -w 60 /run/coloop/coloopd.sock`, {
		silent: true,
		timeout: patient.timeout,
	});
	const answer = parseAnswer(stdout);
	if (!answer.ok || answer.status?.policy_errors.length !== 0) {
		throw new Error(`${machine.name}: ${line}: ${stdout}`);
	}
}
