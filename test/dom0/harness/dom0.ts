// SPDX-License-Identifier: MIT
import {pathsOf} from '../../../userland/xenstore/paths.ts';
import type {LogLine} from './coloopd.ts';
import {Programs, type Words} from './programs.ts';
import {openParts, type Kind} from './scene.ts';
import type {Patience} from './until.ts';

export type Dom0Options = Words & {
	/** Names of the guests that are there from the start; domids from 3 on. */
	readonly guests?: readonly string[];
	/** The policy's only file; all pairs are allowed without. */
	readonly policy?: string;
	/** Which xenstored; the fake of the unit tests without. */
	readonly xenstored?: 'fake' | Kind;
	/** Dom0's own endpoint says hello, played by us as those of the guests are. */
	readonly dom0Speaks?: boolean;
	/** A script that is run in dom0 first. */
	readonly setUp?: string;
	/** False: the case starts coloopd itself. */
	readonly start?: boolean;
};

export const allowAll = 'version: 1\npairs:\n  - allow: ["*", "*"]\naccept:\n  - allow: "*"\n';

/** A dom0 without Xen, and the real coloopd in it. */
export class Dom0 extends Programs {
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
		const isThere = () => this.isAnnounced(a, b);

		return this.until(`${a} and ${b} announced`, isThere, patience).catch(this.#saying(a, b));
	}

	withdrawn(a: string, b: string, patience?: Patience): Promise<number> {
		const isGone = () => this.isWithdrawn(a, b);

		return this.until(`${a} and ${b} withdrawn`, isGone, patience).catch(this.#saying(a, b));
	}

	/** What was waited for in vain, and what dom0 says of the pair. */
	#saying(a: string, b: string) {
		return async ({message}: Error): Promise<never> => {
			const {state, code, reason} = (await this.pair(a, b).catch(() => undefined)) ?? {};
			throw new Error([`${message}: it is`, state, code, reason].join(' '));
		};
	}

	/** What `from` offers has been passed on. */
	relayed(from: string, to: string, patience?: Patience): Promise<number> {
		const path = `${pathsOf(this.guest(to).domid).relayed}/${this.guest(from).domid}`;
		const isThere = async () => (await this.xen.read(path)) !== undefined;

		return this.until(`${to} has the offer of ${from}`, isThere, patience);
	}

	/** One end no longer knows that domid; for when the other end is gone. */
	withdrawnFrom(name: string, domid: number, patience?: Patience): Promise<number> {
		const path = `${pathsOf(this.guest(name).domid).peers}/${domid}`;
		const isGone = async () => (await this.xen.read(path)) === undefined;

		return this.until(`${domid} withdrawn from ${name}`, isGone, patience);
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
}
