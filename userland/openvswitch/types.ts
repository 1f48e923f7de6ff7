// SPDX-License-Identifier: MIT
import type {FlowTable} from './walk.ts';

/** What Open vSwitch does with frames between its ports, read at one time. */
export type OvsState = {
	/** By the name of the bridge. */
	readonly bridges: ReadonlyMap<string, OvsBridge>;
	/** By the name of the device in dom0. */
	readonly ports: ReadonlyMap<string, OvsPort>;
	/** What keeps all of it from being known, as a sentence. */
	readonly problem: string | undefined;
};

/** A bridge as its database has it. */
export type BridgeRow = {
	readonly name: string;
	/** Exporters that see all frames: NetFlow, sFlow, IPFIX. */
	readonly samplers: readonly string[];
	readonly mirrors: readonly Mirror[];
	/** VLANs in which nothing is learned, as monitors of remote mirrors want it. */
	readonly floodVlans: readonly number[];
};

export type OvsBridge = BridgeRow & {
	/** Or why they cannot be read, as a sentence. */
	readonly switching: Switching | string;
};

/** What is not in the database, but in the switch itself. */
export type Switching = {
	/** Table 0, where every frame begins. */
	readonly flows: FlowTable;
	readonly staticEntries: readonly StaticEntry[];
} & Settings;

/** What OpenFlow can set beside the flows. */
export type Settings = {
	/** How IP fragments are treated, in ovs-ofctl's words. */
	readonly fragments: string;
	/** By the number of the port: what it may not do, `no-flood` and the like. */
	readonly forbids: ReadonlyMap<number, readonly string[]>;
};

/** An address that somebody bound to a port. */
export type StaticEntry = {readonly port: string; readonly vlan: number; readonly mac: string};

export type Flow = {
	readonly priority: number;
	/** What it matches, a field each: `ip`, `dl_src=00:16:3e:00:00:01`. */
	readonly match: readonly string[];
	readonly actions: string;
	/** As ovs-ofctl shows it, without what it has counted. */
	readonly text: string;
};

export type Mirror = {
	readonly name: string;
	readonly selectsAll: boolean;
	/** Ids of ports whose frames it takes, as they come or as they leave. */
	readonly selectsPorts: readonly string[];
	/** Empty: all. */
	readonly selectsVlans: readonly number[];
	/** Id of the port that is kept for it. */
	readonly outputPort: string | undefined;
};

export type OvsPort = {
	readonly id: string;
	readonly device: string;
	readonly bridge: string;
	/** OpenFlow's number of it; undefined while the switch has not got the device. */
	readonly number: number | undefined;
	readonly error: string | undefined;
	/** `system` for a device that was there before, `internal` for one that the switch made. */
	readonly type: string;
	readonly isDown: boolean;
	readonly isBond: boolean;
	readonly isProtected: boolean;
	readonly lacp: string | undefined;
	/** Kind of a QoS that holds back what leaves. */
	readonly qos: string | undefined;
	/** What it takes from the device is limited. */
	readonly isPoliced: boolean;
	/** In the spanning tree; undefined where the port takes no part in one. */
	readonly treeState: string | undefined;
	readonly vlans: PortVlans;
};

export type PortVlans = {
	readonly mode: string | undefined;
	readonly tag: number | undefined;
	/** Empty: all. */
	readonly trunks: readonly number[];
	readonly customers: readonly number[];
};

/** OpenFlow's number of a bridge's own port, and what ovs-ofctl calls it. */
export const localPort = 0xfffe;
export const localName = 'LOCAL';
