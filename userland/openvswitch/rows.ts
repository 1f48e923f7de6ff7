// SPDX-License-Identifier: MIT
import {ColoopError} from '../errors.ts';
import type {BridgeRow, Mirror, OvsPort} from './types.ts';
import {modeOf} from './vlan.ts';

/** What the database says; the flows are elsewhere. */
export type Database = {
	readonly bridges: readonly BridgeRow[];
	readonly ports: readonly OvsPort[];
	/** The switch was told to leave the flows alone until somebody has restored them. */
	readonly isRestoring: boolean;
};

type Row = Readonly<Record<string, unknown>>;
type Table = ReadonlyMap<string, Row>;

/** The answer to `monitor`: `{TABLE: {UUID: {new: ROW}}}`. */
export function parseDatabase(answer: unknown): Database {
	const tables = asRow(answer);
	const table = (name: string): Table =>
		new Map(
			Object.entries(asRow(tables[name] ?? {})).map(([id, update]) => [
				id,
				asRow(asRow(update)['new']),
			]),
		);
	const [ports, interfaces, mirrors, qos] = ['Port', 'Interface', 'Mirror', 'QoS'].map(table);
	const bridges = [...table('Bridge').values()];

	return {
		bridges: bridges.map(row => parseBridge(row, mirrors)),
		ports: bridges.flatMap(row =>
			atoms(row['ports']).flatMap(id => parsePort(id, row, {ports, interfaces, qos})),
		),
		isRestoring: [...table('Open_vSwitch').values()].some(
			row => entries(row['other_config']).get('flow-restore-wait') === 'true',
		),
	};
}

function parseBridge(row: Row, mirrors: Table | undefined): BridgeRow {
	const samplers = {netflow: 'NetFlow', sflow: 'sFlow', ipfix: 'IPFIX'};

	return {
		name: String(row['name']),
		samplers: Object.entries(samplers)
			.filter(([column]) => atoms(row[column]).length > 0)
			.map(([, name]) => name),
		mirrors: atoms(row['mirrors']).flatMap(id => parseMirror(mirrors?.get(id))),
		floodVlans: numbers(row['flood_vlans']),
	};
}

function parseMirror(row: Row | undefined): Mirror[] {
	if (row === undefined) {
		return [];
	}

	return [
		{
			name: String(row['name']),
			selectsAll: row['select_all'] === true,
			selectsPorts: [...atoms(row['select_src_port']), ...atoms(row['select_dst_port'])],
			selectsVlans: numbers(row['select_vlan']),
			outputPort: atoms(row['output_port'])[0],
		},
	];
}

type PortTables = Readonly<Record<'ports' | 'interfaces' | 'qos', Table | undefined>>;

/** A bond has several interfaces: each is a device on the bridge. */
function parsePort(id: string, bridge: Row, {ports, interfaces, qos}: PortTables): OvsPort[] {
	const row = ports?.get(id) ?? {};
	const members = atoms(row['interfaces']).map(each => interfaces?.get(each) ?? {});
	const qosType = atoms(row['qos']).map(each => String(qos?.get(each)?.['type'] ?? 'unknown'))[0];

	return members.map(member => ({
		id,
		bridge: String(bridge['name']),
		...parseInterface(member),
		isBond: members.length > 1,
		isProtected: row['protected'] === true,
		lacp: atoms(row['lacp']).find(mode => mode !== 'off'),
		/* This one only keeps Open vSwitch from setting one. */
		qos: qosType === 'linux-noop' ? undefined : qosType,
		treeState: member['type'] === 'internal' ? undefined : treeStateOf(row, bridge),
		vlans: parseVlans(row),
	}));
}

/** Where both trees are on, the switch runs the rapid one. */
function treeStateOf(port: Row, bridge: Row): string | undefined {
	const isOn = (tree: string) =>
		bridge[`${tree}_enable`] === true &&
		entries(port['other_config']).get(`${tree}-enable`) !== 'false';

	if (isOn('rstp')) {
		return entries(port['rstp_status']).get('rstp_port_state') ?? 'not in it yet';
	}

	return isOn('stp') ? (entries(port['status']).get('stp_state') ?? 'not in it yet') : undefined;
}

function parseInterface(
	row: Row,
): Pick<OvsPort, 'device' | 'number' | 'error' | 'type' | 'isDown' | 'isPoliced'> {
	const [number = -1] = numbers(row['ofport']);
	const rates = [row['ingress_policing_rate'], row['ingress_policing_kpkts_rate']];
	const type = String(row['type'] ?? '');

	return {
		device: String(row['name']),
		number: number > 0 ? number : undefined,
		error: atoms(row['error'])[0],
		type: type === '' ? 'system' : type,
		isDown: [row['admin_state'], row['link_state']].flatMap(atoms).includes('down'),
		isPoliced: rates.some(rate => rate !== undefined && rate !== 0),
	};
}

function parseVlans(row: Row): OvsPort['vlans'] {
	const [tag] = numbers(row['tag']);
	const mode = modeOf({mode: atoms(row['vlan_mode'])[0], tag});

	return {mode, tag, trunks: numbers(row['trunks']), customers: numbers(row['cvlans'])};
}

/** A column's atoms: a set, which is not written as one where it has one member; ids as text. */
function atoms(value: unknown): string[] {
	if (value === undefined) {
		return [];
	}
	if (!Array.isArray(value)) {
		return [String(value)];
	}
	const [kind, content] = value as readonly unknown[];

	switch (kind) {
		case 'uuid':
			return [String(content)];
		case 'set':
			return Array.isArray(content) ? content.flatMap(atoms) : [];
		default:
			throw notUnderstood(value);
	}
}

function numbers(value: unknown): number[] {
	return atoms(value).map(Number);
}

function entries(value: unknown): ReadonlyMap<string, string> {
	if (value === undefined) {
		return new Map();
	}
	const [kind, pairs] = Array.isArray(value) ? (value as readonly unknown[]) : [];
	if (kind !== 'map' || !Array.isArray(pairs)) {
		throw notUnderstood(value);
	}

	return new Map(pairs.map(pair => [String(pair[0]), String(pair[1])]));
}

function asRow(value: unknown): Row {
	if (typeof value !== 'object' || value === null || Array.isArray(value)) {
		throw notUnderstood(value);
	}

	return value as Row;
}

function notUnderstood(value: unknown): ColoopError {
	const text = JSON.stringify(value) ?? String(value);

	return new ColoopError('FIREWALL', `Open vSwitch's database: not understood: ${text}`);
}
