// SPDX-License-Identifier: MIT
import {ColoopError} from '../errors.ts';
import {NftablesError, type Nftables} from '../nftables-js/index.ts';
import {changes, contentsOf, type Contents, type LimitsByMac} from './contents.ts';
import {table, tableCommands} from './table.ts';

/** Rules of nftables by which we drop what peers may not send us. */
export type Enforcement = {
	/** Whether library and kernel know all that the rules need. Leaves nothing behind. */
	isAble(): Promise<boolean>;
	/**
	 * Has these limits in force, and no others, when it resolves: with `restored` where somebody had removed or changed
	 * what we had made. Throws ColoopError (FIREWALL) where they may not be.
	 */
	enforce(limits: LimitsByMac): Promise<'same' | 'changed' | 'restored'>;
};

/** What we made: what it is to hold, and how nft lists it. */
type Made = {readonly contents: Contents; readonly listing: string};

const empty: Contents = new Map();

/** `open` is called once, when there is something to do. */
export function createEnforcement(open: () => Nftables): Enforcement {
	let opened: Nftables | undefined;
	let made: Made | undefined;
	let isKnown = false;
	let able = false;
	const nft = () => (opened ??= open());

	const remove = async () => {
		await nft().run([{add: {table}}, {delete: {table}}]);
		made = undefined;
		isKnown = true;
	};
	const make = async (contents: Contents, before: Made | undefined) => {
		/* What fails half-way fails as a whole, but then nobody knows what is there. */
		made = undefined;
		await nft().run(
			before === undefined
				? [...tableCommands(), ...changes(empty, contents)]
				: changes(before.contents, contents),
		);
		made = {contents, listing: (await list(nft())) ?? ''};
		isKnown = true;
	};

	return {
		async isAble() {
			able ||= await canMake(nft);

			return able;
		},
		enforce: limits =>
			orRefuse(async () => {
				const contents = contentsOf(limits);

				if (contents.size === 0) {
					const isThere = made !== undefined || (!isKnown && (await isLeft(nft)));

					if (isThere) {
						await remove();
					}
					isKnown = true;

					return isThere ? 'changed' : 'same';
				}
				const isOurs = made !== undefined && (await list(nft())) === made.listing;

				if (isOurs && made && areSame(made.contents, contents)) {
					return 'same';
				}
				const wasBroken = made !== undefined && !isOurs;

				await make(contents, isOurs ? made : undefined);

				return wasBroken ? 'restored' : 'changed';
			}),
	};
}

/** As nft prints it, handles included and counters left out; undefined where there is none. */
async function list(nft: Nftables): Promise<string | undefined> {
	try {
		return await nft.text(`list table ${table.family} ${table.name}`, {stateless: true});
	} catch (error) {
		if (error instanceof NftablesError && error.code === 'ENOENT') {
			return undefined;
		}
		throw error;
	}
}

/** Of an earlier daemon; who cannot read rules cannot have made any. */
async function isLeft(nft: () => Nftables): Promise<boolean> {
	try {
		return (await list(nft())) !== undefined;
	} catch (error) {
		if (error instanceof NftablesError) {
			return false;
		}
		throw error;
	}
}

/** A table that is there shows it; else one is made and deleted in one transaction. */
async function canMake(nft: () => Nftables): Promise<boolean> {
	try {
		if ((await list(nft())) === undefined) {
			await nft().run([...tableCommands(), {delete: {table}}]);
		}

		return true;
	} catch (error) {
		if (error instanceof NftablesError) {
			return false;
		}
		throw error;
	}
}

function areSame(one: Contents, other: Contents): boolean {
	return one.size === other.size && [...one.keys()].every(name => other.has(name));
}

async function orRefuse<T>(act: () => Promise<T>): Promise<T> {
	try {
		return await act();
	} catch (cause) {
		const why = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);

		throw new ColoopError('FIREWALL', `our rules in nftables could not be set: ${why}`, {
			cause,
			hint: `\`nft list table ${table.family} ${table.name}\` shows them`,
		});
	}
}
