// SPDX-License-Identifier: MIT
import {openJsonRpc, type JsonRpc} from './json-rpc.ts';
import type {Source} from './kept.ts';
import {parseDatabase, type Database} from './rows.ts';

/** The columns that say how frames pass, by table. An older schema lacks some of them. */
const columns: Readonly<Record<string, readonly string[]>> = {
	Open_vSwitch: ['bridges', 'other_config'],
	Bridge: [
		...['name', 'ports', 'mirrors', 'netflow', 'sflow', 'ipfix', 'flood_vlans'],
		...['stp_enable', 'rstp_enable', 'protocols', 'datapath_type', 'fail_mode', 'controller'],
	],
	Port: [
		...['name', 'interfaces', 'vlan_mode', 'tag', 'trunks', 'cvlans', 'protected', 'qos'],
		...['lacp', 'status', 'rstp_status', 'other_config'],
	],
	Interface: [
		...['name', 'type', 'ofport', 'error', 'admin_state', 'link_state'],
		...['ingress_policing_rate', 'ingress_policing_kpkts_rate'],
	],
	Mirror: [
		...['name', 'select_all', 'select_src_port', 'select_dst_port', 'select_vlan'],
		'output_port',
	],
	QoS: ['type'],
};

const database = 'Open_vSwitch';

/** How bridges and ports are set up. */
export function databaseSource(socket: string): Source<Database> {
	return async outdated => {
		const rpc = openJsonRpc(socket, {notified: outdated, lost: outdated});
		try {
			const value = parseDatabase(await monitor(rpc));

			return {value, isStill: () => Promise.resolve(true), close: () => rpc.close()};
		} catch (error) {
			rpc.close();
			throw error;
		}
	};
}

/** What is there, and from now on notifications of what changes (RFC 7047, 4.1.5). */
async function monitor(rpc: JsonRpc): Promise<unknown> {
	const {tables = {}} = (await rpc.call('get_schema', database)) as Schema;
	const wanted = Object.entries(columns).map(([table, names]) => {
		const known = tables[table]?.columns ?? {};

		return [table, {columns: names.filter(name => name in known)}] as const;
	});

	return rpc.call('monitor', database, null, Object.fromEntries(wanted));
}

type Schema = {
	readonly tables?: Readonly<
		Record<string, {readonly columns?: Readonly<Record<string, unknown>>}>
	>;
};
