// SPDX-License-Identifier: MIT
import {refusalName} from '../xenstore/errors.ts';
import type {Store, StorePath, Transaction} from '../xenstore/store.ts';
import type {Metrics} from './metrics.ts';

const operations = [
	...(['read', 'write', 'list', 'remove', 'mkdir'] as const),
	...(['get_permissions', 'set_permissions', 'transaction', 'watch'] as const),
];

type Operation = (typeof operations)[number];
type Measure = <T>(operation: Operation, work: () => Promise<T>) => Promise<T>;

/** Answers what makes a store count its requests, how long they take and what becomes of them. */
export function storeMeter(metrics: Metrics, now: () => number): (store: Store) => Store {
	const counts = new Map(
		operations.map(operation => [
			operation,
			metrics.counter('coloop_xenstore_requests_total', {operation}),
		]),
	);
	const heard = metrics.counter('coloop_xenstore_watch_events_total');
	const measure: Measure = async (operation, work) => {
		const start = now();
		counts.get(operation)?.();
		try {
			return await work();
		} catch (error) {
			const name = refusalName(error) ?? 'lost';
			metrics.count('coloop_xenstore_errors_total', {error: name});
			throw error;
		} finally {
			metrics.observe('coloop_xenstore_request_seconds', (now() - start) / 1000);
		}
	};

	return store => ({
		...meteredTransaction(store, measure),
		mkdir: path => measure('mkdir', () => store.mkdir(path)),
		getPermissions: path => measure('get_permissions', () => store.getPermissions(path)),
		setPermissions: (path, permissions) =>
			measure('set_permissions', () => store.setPermissions(path, permissions)),
		watch(path, signal) {
			counts.get('watch')?.();

			return counted(store.watch(path, signal), heard);
		},
		/* The requests within it are measured; what it lasts is the caller's work, too. */
		async transaction(work) {
			counts.get('transaction')?.();
			try {
				return await store.transaction(inner => work(meteredTransaction(inner, measure)));
			} catch (error) {
				if (refusalName(error) === 'EAGAIN') {
					metrics.count('coloop_xenstore_errors_total', {error: 'EAGAIN'});
				}
				throw error;
			}
		},
		close: () => store.close(),
	});
}

function meteredTransaction(store: Transaction, measure: Measure): Transaction {
	return {
		read: path => measure('read', () => store.read(path)),
		write: (path, value) => measure('write', () => store.write(path, value)),
		list: path => measure('list', () => store.list(path)),
		remove: path => measure('remove', () => store.remove(path)),
	};
}

async function* counted(events: AsyncIterable<StorePath>, count: () => void) {
	for await (const path of events) {
		count();
		yield path;
	}
}
