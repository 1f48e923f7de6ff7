// SPDX-License-Identifier: MIT
import {ColoopError} from '../errors.ts';
import type {FleetConfig} from './config.ts';
import {openEtcd, type Etcd} from './etcd.ts';

/** Asks the first member that answers. Throws FLEET, with what each said, where none does. */
export async function withAnyMember<T>(
	config: FleetConfig,
	act: (etcd: Etcd, signal: AbortSignal) => Promise<T>,
	signal: AbortSignal = new AbortController().signal,
): Promise<T> {
	const failures: ColoopError[] = [];
	for (const endpoint of config.endpoints) {
		const etcd = await openMember(endpoint, config, signal, failures);
		if (etcd) {
			try {
				return await act(etcd, signal);
			} finally {
				etcd.close();
			}
		}
	}
	const [{hint} = {hint: undefined}] = failures;
	throw new ColoopError('FLEET', failures.map(({message}) => message).join('\n'), {
		...(hint !== undefined && {hint}),
	});
}

async function openMember(
	endpoint: string,
	config: FleetConfig,
	signal: AbortSignal,
	failures: ColoopError[],
): Promise<Etcd | undefined> {
	let etcd: Etcd | undefined;
	try {
		etcd = await openEtcd(endpoint, config, signal);
		await etcd.list(config.prefix, 1, signal);

		return etcd;
	} catch (error) {
		etcd?.close();
		if (!(error instanceof ColoopError) || error.code !== 'FLEET') {
			throw error;
		}
		failures.push(error);

		return undefined;
	}
}
