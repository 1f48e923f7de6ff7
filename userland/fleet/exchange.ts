// SPDX-License-Identifier: MIT
import {ColoopError} from '../errors.ts';
import {changesBetween, type Change} from '../policy/compare.ts';
import {isPolicy} from '../policy/files.ts';
import {loadPolicy} from '../policy/load.ts';
import {withAnyMember} from './any-member.ts';
import {
	readCheckout,
	tokenOfCheckout,
	writeCheckout,
	writeRecord,
	type Checkout,
} from './checkout.ts';
import type {FleetConfig} from './config.ts';
import type {Etcd} from './etcd.ts';
import {loadCheckout} from './lint.ts';
import {documentsMost} from './limits.ts';
import {filesOf, nameIn, readSnapshot, tokenOf, type Snapshot} from './snapshot.ts';

/** What a put changes, or would. */
export type Exchange = {
	/** Names of documents. */
	readonly put: readonly string[];
	readonly remove: readonly string[];
	readonly changes: readonly Change[];
	readonly warnings: readonly string[];
	/** What the fleet has before, and after. */
	readonly token: string;
	readonly next: string;
	/** The store's revision that the put made; undefined: there was none. */
	readonly revision?: number;
};

export type Terms = {
	/** Of what the fleet is to have before; else the directory's own record says it. */
	readonly token?: string | undefined;
	/** Whatever the fleet has. */
	readonly force?: boolean | undefined;
};

/** What a put of the directory would change. Throws POLICY where it is broken. */
export async function compareFleet(dir: string, config: FleetConfig): Promise<Exchange> {
	const checkout = await readCheckout(dir);

	return await withAnyMember(config, async (etcd, signal) =>
		compare(checkout, await readSnapshot(etcd, config.prefix, undefined, signal)),
	);
}

async function compare(checkout: Checkout, now: Snapshot): Promise<Exchange> {
	const {errors, policy, warnings} = await loadCheckout(checkout);
	if (errors.length > 0) {
		throw new ColoopError('POLICY', errors.join('\n'), {
			hint: 'nothing was put; mend the files',
		});
	}
	const before = await loadPolicy([], {documents: filesOf(now)});
	const theirs = new Map(policiesOf(now).map(({name, content}) => [name, content]));
	const {files} = checkout;

	return {
		put: files.filter(({name, content}) => !isSame(theirs.get(name), content)).map(nameOf),
		remove: [...theirs.keys()].filter(name => !files.some(file => file.name === name)),
		changes: changesBetween(before.policy, policy),
		...{warnings, token: tokenOf(now), next: tokenOfCheckout(checkout)},
	};
}

const nameOf = ({name}: {readonly name: string}) => name;

function isSame(a: Uint8Array | Error | undefined, b: Uint8Array | Error): boolean {
	return a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0;
}

/** Documents that are policies, by their names. */
function policiesOf(snapshot: Snapshot) {
	return snapshot.documents
		.map(({key, content}) => ({name: nameIn(snapshot, key), content}))
		.filter(({name}) => isPolicy(name));
}

/**
 * Makes the fleet have what the directory has, in one transaction that fails if anybody changed it meanwhile. Throws
 * POLICY where it is broken, or the fleet has something else than the terms say.
 */
export async function putFleet(dir: string, config: FleetConfig, terms: Terms): Promise<Exchange> {
	const checkout = await readCheckout(dir);

	return await withAnyMember(config, async (etcd, signal) => {
		const now = await readSnapshot(etcd, config.prefix, undefined, signal);
		const exchange = await compare(checkout, now);
		refuseOthers(checkout, now, exchange, terms);
		if (exchange.put.length + exchange.remove.length === 0) {
			await writeRecord(dir, config.prefix, exchange.next);

			return exchange;
		}
		const revision = await swap(etcd, checkout, now, exchange, signal);
		await writeRecord(dir, config.prefix, exchange.next);

		return {...exchange, revision};
	});
}

async function swap(
	etcd: Etcd,
	{files}: Checkout,
	now: Snapshot,
	{put, remove}: Exchange,
	signal: AbortSignal,
): Promise<number> {
	const {prefix, revision, documents} = now;
	if (put.length + remove.length > documentsMost) {
		throw new ColoopError('FLEET', `more than ${documentsMost} documents change at once`, {
			hint: 'put some of them first',
		});
	}
	const made = await etcd.swap(
		{
			...{prefix, revision, unchanged: documents},
			put: files
				.filter(({name}) => put.includes(name))
				.map(({name, content}) => ({
					...{key: `${prefix}${name}`},
					value: content instanceof Error ? new Uint8Array() : content,
				})),
			remove: remove.map(name => `${prefix}${name}`),
		},
		signal,
	);
	if (made === undefined) {
		throw changed(now.prefix, 'just now, and nothing was put');
	}

	return made;
}

function refuseOthers(
	{dir, base}: Checkout,
	{prefix}: Snapshot,
	{token, next}: Exchange,
	{token: given, force}: Terms,
): void {
	const expected = given ?? (base?.prefix === prefix ? base.token : undefined);
	if (force || token === next || (expected ?? tokenOfNothing) === token) {
		return;
	}
	if (expected === undefined) {
		throw new ColoopError(
			'POLICY',
			`etcd:${prefix} has a policy that ${dir} does not come from`,
			{
				hint: `coloop fleet get in a new directory fetches it; --token ${token} replaces it`,
			},
		);
	}
	throw changed(prefix, `since token ${expected}`);
}

const tokenOfNothing = tokenOfCheckout({dir: '', files: [], base: undefined});

function changed(prefix: string, when: string): ColoopError {
	return new ColoopError('POLICY', `etcd:${prefix} has changed ${when}`, {
		hint: 'coloop fleet get in a new directory fetches what it has now',
	});
}

export type Got = {
	readonly documents: readonly string[];
	readonly token: string;
	readonly revision: number;
};

/** Makes the directory have what the fleet has. Throws POLICY where that would lose what is not in the fleet. */
export async function getFleet(dir: string, config: FleetConfig, terms: Terms): Promise<Got> {
	const now = await withAnyMember(
		config,
		async (etcd, signal) => await readSnapshot(etcd, config.prefix, undefined, signal),
	);
	const checkout = await readCheckout(dir).catch(() => undefined);
	const isUntouched =
		checkout === undefined ||
		checkout.files.length === 0 ||
		checkout.base?.token === tokenOfCheckout(checkout) ||
		tokenOfCheckout(checkout) === tokenOf(now);
	if (!isUntouched && !terms.force) {
		throw new ColoopError('POLICY', `${dir} has changes that the fleet has not`, {
			hint: 'get into a new directory, or put them first; --force overwrites them',
		});
	}
	const documents = policiesOf(now).map(({name, content}) => {
		if (content instanceof Error || !/^[\p{L}\p{N}][^/\p{C}]*$/u.test(name)) {
			const why =
				content instanceof Error ? content.message : 'a name that is none of a file';
			throw new ColoopError('FLEET', `etcd:${config.prefix}${name}: ${why}`);
		}

		return {name, content};
	});
	const token = tokenOf(now);
	await writeCheckout(dir, documents, {prefix: config.prefix, token});

	return {documents: documents.map(nameOf), token, revision: now.revision};
}
