// SPDX-License-Identifier: MIT
import {containsPrefix, parsePrefix, type Prefix} from '../prefixes.ts';
import type {End, Selection, Selector} from '../selectors.ts';
import {hasPorts, protocolNumber} from './selectors.ts';

/** What a person asks about; undefined is not said. A port is that of the side that is called. */
export type Packet = {
	readonly proto: number | undefined;
	readonly port: number | undefined;
	readonly from: Prefix | undefined;
	readonly to: Prefix | undefined;
};

type Words = {
	readonly proto?: string | undefined;
	readonly port?: string | undefined;
	readonly from?: string | undefined;
	readonly to?: string | undefined;
};

/** As on a command line; the X of `expected X` where it makes no sense. */
export function parsePacket({proto, port, from, to}: Words): Packet | string {
	const [known, number] = [
		proto === undefined
			? undefined
			: protocolNumber(/^\d+$/.test(proto) ? Number(proto) : proto),
		port === undefined ? undefined : Number(port),
	];
	const [source, destination] = [from, to].map(text =>
		text === undefined ? undefined : parsePrefix(text),
	);
	if (proto !== undefined && (known === undefined || known < 1 || known > 255)) {
		return `a protocol by name, or its number from 1 to 255, got ${proto}`;
	}
	if (port !== undefined && (!/^[1-9]\d{0,4}$/.test(port) || Number(port) > 65_535)) {
		return `a port from 1 to 65535, got ${port}`;
	}
	if (known !== undefined && number !== undefined && !hasPorts(known)) {
		return `a protocol that has ports, got ${proto}`;
	}
	const bad = [from, to].find(
		(text, index) => text !== undefined && ![source, destination][index],
	);
	if (bad !== undefined) {
		return `an address, got ${bad}`;
	}
	if (source && destination && source.version !== destination.version) {
		return 'two addresses of one version of IP';
	}

	return {proto: known, port: number, from: source, to: destination};
}

/** Is it diverted? What is not said may be anything: `some` where that matters. */
export function isSelected(selection: Selection, packet: Packet): 'yes' | 'no' | 'some' {
	const {only, except} = selection;
	const chosen = only.length === 0 ? 'yes' : any(only, packet);
	const left = any(except, packet);
	if (chosen === 'no' || left === 'yes') {
		return 'no';
	}

	return chosen === 'yes' && left === 'no' ? 'yes' : 'some';
}

type Answer = 'yes' | 'no' | 'some';

function any(selectors: readonly Selector[], packet: Packet): Answer {
	const answers = selectors.map(selector => matches(selector, packet));

	return answers.includes('yes') ? 'yes' : answers.includes('some') ? 'some' : 'no';
}

function matches({proto, isEither, from, to}: Selector, packet: Packet): Answer {
	const versions = [from.prefix, to.prefix, packet.from, packet.to].flatMap(
		prefix => prefix?.version ?? [],
	);
	if (new Set(versions).size > 1) {
		return 'no';
	}
	const way = both(
		matchesEnd(from, packet.from, undefined),
		matchesEnd(to, packet.to, packet.port),
	);
	const turned = both(
		matchesEnd(to, packet.from, undefined),
		matchesEnd(from, packet.to, packet.port),
	);

	return both(
		matchesProto(
			proto,
			[from, to].some(({ports}) => ports !== undefined),
			packet,
		),
		isEither && way !== 'yes' ? either(way, turned) : way,
	);
}

function matchesProto(proto: number | undefined, asksPorts: boolean, packet: Packet): Answer {
	if (proto === undefined && !asksPorts) {
		return 'yes';
	}
	if (packet.proto === undefined) {
		return proto === undefined && packet.port !== undefined ? 'yes' : 'some';
	}

	return (proto === undefined ? hasPorts(packet.proto) : proto === packet.proto) ? 'yes' : 'no';
}

function matchesEnd({prefix, ports}: End, address: Prefix | undefined, port?: number): Answer {
	return both(matchesAddress(prefix, address), matchesPort(ports, port));
}

function matchesAddress(prefix: Prefix | undefined, address: Prefix | undefined): Answer {
	if (prefix === undefined) {
		return 'yes';
	}
	if (address === undefined) {
		return 'some';
	}
	if (containsPrefix(prefix, address)) {
		return 'yes';
	}

	return containsPrefix(address, prefix) ? 'some' : 'no';
}

function matchesPort(ports: End['ports'], port: number | undefined): Answer {
	if (ports === undefined) {
		return 'yes';
	}

	return port === undefined ? 'some' : port >= ports.first && port <= ports.last ? 'yes' : 'no';
}

function both(one: Answer, other: Answer): Answer {
	return one === 'no' || other === 'no'
		? 'no'
		: one === 'some' || other === 'some'
			? 'some'
			: 'yes';
}

function either(one: Answer, other: Answer): Answer {
	return one === 'yes' || other === 'yes'
		? 'yes'
		: one === 'some' || other === 'some'
			? 'some'
			: 'no';
}
