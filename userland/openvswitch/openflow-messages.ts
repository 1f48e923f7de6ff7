// SPDX-License-Identifier: MIT
//
// Messages of OpenFlow 1.0 (openflow.h) and of its Nicira extensions (nicira-ext.h).

export const version = 1;
export const kinds = {
	...({hello: 0, error: 1, echoRequest: 2, echoReply: 3, vendor: 4} as const),
	...({getConfigRequest: 7, getConfigReply: 8, statsRequest: 16, statsReply: 17} as const),
	...({barrierRequest: 18, barrierReply: 19} as const),
};
export const headerLength = 8;

/** A message with its header. */
export function buildMessage(
	kind: number,
	xid: number,
	body: Uint8Array = new Uint8Array(),
): Buffer {
	const header = Buffer.alloc(headerLength);

	header.writeUInt8(version, 0);
	header.writeUInt8(kind, 1);
	header.writeUInt16BE(headerLength + body.length, 2);
	header.writeUInt32BE(xid, 4);

	return Buffer.concat([header, body]);
}

export const portDescriptions = 13;

export function stats(type: number, body: Uint8Array = new Uint8Array()): Buffer {
	const header = Buffer.alloc(4);
	header.writeUInt16BE(type, 0);

	return Buffer.concat([header, body]);
}

/** Of the request that begins the monitor; the answer tells nothing yet, and what follows has 0. */
export const monitorXid = 0xffff_fff0;

/** struct nicira10_stats_msg and struct nx_flow_monitor_request of nicira-ext.h: any flow, any table. */
export function flowMonitor(): Buffer {
	const [vendor, subtype] = [0x2320, 2];
	const [added, deleted, modified, actions, own] = [2, 4, 8, 16, 32];
	const [noPort, allTables] = [0xffff, 0xff];
	const body = Buffer.alloc(12 + 16);

	body.writeUInt32BE(vendor, 0);
	body.writeUInt32BE(subtype, 4);
	body.writeUInt32BE(1, 12);
	body.writeUInt16BE(added | deleted | modified | actions | own, 16);
	body.writeUInt16BE(noPort, 18);
	body.writeUInt8(allTables, 22);

	return stats(0xffff, body);
}

/** struct ofp_switch_config. */
export function parseFragments(body: Buffer): string {
	return ['normal', 'drop', 'reassemble', 'nx-match'][body.readUInt16BE(0) & 3] ?? '';
}

const forbidding = {'no-receive': 1 << 2, 'no-flood': 1 << 4, 'no-forward': 1 << 5};

/** A list of struct ofp10_phy_port. */
export function parsePorts(body: Buffer): Map<number, string[]> {
	const length = 48;
	const found = new Map<number, string[]>();

	for (let at = 0; at + length <= body.length; at += length) {
		const config = body.readUInt32BE(at + 24);
		const words = Object.entries(forbidding)
			.filter(([, bit]) => (config & bit) !== 0)
			.map(([word]) => word);
		if (words.length > 0) {
			found.set(body.readUInt16BE(at), words);
		}
	}

	return found;
}
