// SPDX-License-Identifier: MIT
import {ColoopError} from '../errors.ts';
import type {Values} from './attributes.ts';
import {
	type channelAttributes,
	channelStates,
	type countAttributes,
	type infoAttributes,
	type linkAttributes,
	type peerAttributes,
	macLen,
	ordinarys,
	reasons,
} from './constants.ts';
import type {Channel, LinkState, ModuleInfo, Offer, Peer, PeerConfig} from './kernel.ts';
import {selectorsValues} from './selectors.ts';

export function parseInfo(
	values: Values<typeof infoAttributes>,
	familyVersion: number,
): ModuleInfo {
	return {
		protocolMin: expect(values.protocolMin, 'protocol-min'),
		protocolMax: expect(values.protocolMax, 'protocol-max'),
		features: values.features ?? 0,
		ifindex: expect(values.ifindex, 'ifindex'),
		peers: values.peers ?? 0,
		channels: values.channels ?? 0,
		grants: values.grants ?? 0,
		maps: values.maps ?? 0,
		ports: values.ports ?? 0,
		deferred: values.deferred ?? 0,
		moduleVersion: values.moduleVersion ?? '',
		familyVersion,
		grantLimit: values.grantLimit,
	};
}

export function parsePeer(values: Values<typeof peerAttributes>): Peer {
	return {
		domid: expect(values.domid, 'domid'),
		epoch: expect(values.epoch, 'epoch'),
		name: values.name ?? '',
		links: (values.link ?? []).map(parseLink),
		ordinary: new Map((values.ordinary ?? []).map(parseCount)),
		wanted: values.wanted ?? false,
		busyPollUs: values.busyPoll ?? 0,
		selectorsId: values.selectorsId ?? 0,
		...(values.fragPages !== undefined && {fragPages: values.fragPages}),
		channel: values.channel && parseChannel(values.channel),
	};
}

/** What an offer's answer says; a port of 0 where the peer allocates it. */
export function parseOffer(values: Values<typeof peerAttributes>): Offer {
	return {
		controlRef: expect(values.channel?.controlRef, 'channel.control-ref'),
		eventPort: values.channel?.eventPort ?? 0,
	};
}

/** The attributes of a peer-new or peer-set. */
export function peerValues(config: PeerConfig): Values<typeof peerAttributes> {
	const {domid, epoch, name, links, busyPollUs, selectors, fragPages} = config;

	return {
		domid,
		epoch,
		name,
		busyPoll: busyPollUs,
		fragPages,
		selectors: selectors && selectorsValues(selectors),
		link: links.map(({ifindex, localMac, remoteMac, mtu}) => ({
			ifindex,
			localMac: macBytes(localMac),
			remoteMac: macBytes(remoteMac),
			/* Absent is 0, and a module of family version 1 refuses what it does not know. */
			mtu: mtu === 0 ? undefined : mtu,
		})),
	};
}

/** `aa:bb:cc:dd:ee:ff` in lower case. */
export function macText(bytes: Uint8Array): string {
	return [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join(':');
}

export function macBytes(text: string): Uint8Array {
	if (!/^[\da-f]{2}(:[\da-f]{2}){5}$/i.test(text)) {
		throw new ColoopError(
			'PROTOCOL',
			`expected an address like aa:bb:cc:dd:ee:ff, got ${text}`,
		);
	}

	return Uint8Array.from(text.split(':'), byte => Number.parseInt(byte, 16));
}

function parseLink(values: Values<typeof linkAttributes>): LinkState {
	return {
		ifindex: expect(values.ifindex, 'link.ifindex'),
		localMac: parseMac(values.localMac, 'link.local-mac'),
		remoteMac: parseMac(values.remoteMac, 'link.remote-mac'),
		mtu: values.mtu ?? 0,
		blocked: values.blocked ? nameOf(ordinarys, values.blocked) : undefined,
	};
}

function parseCount(values: Values<typeof countAttributes>): [string, bigint] {
	return [nameOf(ordinarys, values.reason ?? 0), values.packets ?? 0n];
}

/** A newer module may have reasons that we have no name for. */
function nameOf(names: readonly string[], reason: number): string {
	return names[reason] ?? `reason-${reason}`;
}

function parseMac(bytes: Uint8Array | undefined, name: string): string {
	const mac = expect(bytes, name);

	if (mac.length !== macLen) {
		throw new ColoopError('PROTOCOL', `${name}: expected ${macLen} bytes, got ${mac.length}`);
	}

	return macText(mac);
}

function parseChannel(values: Values<typeof channelAttributes>): Channel {
	return {
		state: expect(channelStates[expect(values.state, 'channel.state')], 'known channel.state'),
		reason: nameOf(reasons, values.reason ?? 0),
		order: values.order,
		remoteOrder: values.remoteOrder,
		queues: values.queues,
		since: values.since ?? 0n,
		detail: values.detail ?? 0,
		queuedBytes: values.queuedBytes ?? 0,
		txPackets: values.txPackets ?? 0n,
		txBytes: values.txBytes ?? 0n,
		rxPackets: values.rxPackets ?? 0n,
		rxBytes: values.rxBytes ?? 0n,
		eventsSent: values.eventsSent ?? 0n,
		eventsReceived: values.eventsReceived ?? 0n,
		backlogged: values.backlogged ?? 0n,
		returned: values.returned ?? 0n,
		droppedBacklog: values.droppedBacklog ?? 0n,
		droppedSource: values.droppedSource ?? 0n,
		droppedHeader: values.droppedHeader ?? 0n,
		droppedMemory: values.droppedMemory ?? 0n,
		droppedDevice: values.droppedDevice ?? 0n,
		waits: values.waits ?? 0n,
		waitsPaid: values.waitsPaid ?? 0n,
		referredBytes: values.referredBytes ?? 0n,
		grantedFragPages: values.grantedFragPages ?? 0,
		mappedFragPages: values.mappedFragPages ?? 0,
	};
}

function expect<T>(value: T | undefined, name: string): T {
	if (value === undefined) {
		throw new ColoopError('PROTOCOL', `the module's answer has no ${name}`);
	}

	return value;
}
