// SPDX-License-Identifier: MIT
import {ColoopError} from '../errors.ts';
import type {AttributeTable, Values} from './attributes.ts';
import {commands, family, groups, infoAttributes, peerAttributes} from './constants.ts';
import {
	type Answer,
	ask,
	control,
	controlAttributes,
	type Family,
	genericProtocol,
	parseAnswer,
	resolveFamily,
} from './genl.ts';
import type {Kernel, KernelEvent} from './kernel.ts';
import type {Message} from './message.ts';
import {connect, type Connection, subscribe} from './netlink.ts';
import {parseInfo, parseOffer, parsePeer, peerValues} from './parse.ts';
import {errnoOf, noModule} from './errors.ts';

/** The module over generic netlink; throws NO_MODULE where it is not loaded. */
export async function openKernel(): Promise<Kernel> {
	const connection = connect(genericProtocol);

	try {
		return kernelOver(connection, await findFamily(connection));
	} catch (error) {
		connection.close();
		throw error;
	}
}

/** Whether the module is there: once now, then at every change. */
export async function* watchModule(signal: AbortSignal): AsyncGenerator<'present' | 'absent'> {
	const connection = connect(genericProtocol);
	const changes = subscribe({
		protocol: genericProtocol,
		groups: [control.group],
		signal,
		parse: changeOfFamily,
		lost: 'lost' as const,
	});

	try {
		yield await presence(connection);
		for await (const change of changes) {
			yield change === 'lost' ? await presence(connection) : change;
		}
	} finally {
		connection.close();
	}
}

function kernelOver(connection: Connection, found: Family): Kernel {
	let current = found;

	/** The module may have been loaded anew, under another number, since we last asked. */
	async function request<T extends AttributeTable>(
		table: T,
		command: number,
		values: Values<T>,
		options: {dump?: boolean} = {},
	): Promise<Answer<T>[]> {
		try {
			return await ask(connection, current, table, command, values, options);
		} catch (error) {
			const before = current;

			if (errnoOf(error) !== 'ENOENT') {
				throw error;
			}
			current = await findFamily(connection);
			if (current.id === before.id) {
				throw error;
			}

			return await ask(connection, current, table, command, values, options);
		}
	}

	async function tell(command: number, values: Values<typeof peerAttributes>): Promise<void> {
		await request(peerAttributes, command, values);
	}

	return {
		async info() {
			const [answer] = await request(infoAttributes, commands.infoGet, {});

			return parseInfo(answer?.values ?? {}, current.version);
		},
		async peers() {
			const answers = await request(peerAttributes, commands.peerGet, {}, {dump: true});

			return answers.map(({values}) => parsePeer(values));
		},
		peerNew: async peer => await tell(commands.peerNew, peerValues(peer)),
		peerSet: async peer => await tell(commands.peerSet, peerValues(peer)),
		peerDelete: async domid => await tell(commands.peerDel, {domid}),
		async offer(domid, epoch, {listen, order, queues}) {
			const channel = {order, queues, ...(listen && {listen})};
			const values = {domid, epoch, channel};
			const [answer] = await request(peerAttributes, commands.channelOffer, values);

			return parseOffer(answer?.values ?? {});
		},
		attach: async (domid, epoch, {controlRef, eventPort}) =>
			await tell(commands.channelAttach, {domid, epoch, channel: {controlRef, eventPort}}),
		close: async domid => await tell(commands.channelClose, {domid}),
		events: signal => watchEvents(current, signal),
		dispose: async () => connection.close(),
	};
}

function watchEvents(current: Family, signal: AbortSignal): AsyncIterable<KernelEvent> {
	const group = current.groups.get(groups.events);

	if (group === undefined) {
		throw new ColoopError(
			'PROTOCOL',
			`the family ${family.name} has no group ${groups.events}`,
		);
	}

	return subscribe<KernelEvent>({
		protocol: genericProtocol,
		groups: [group, control.group],
		signal,
		parse(message) {
			if (changeOfFamily(message) === 'absent') {
				throw noModule();
			}

			return message.type === current.id ? parseEvent(message) : undefined;
		},
		lost: {kind: 'overrun'},
	});
}

function parseEvent(message: Message): KernelEvent | undefined {
	const {command, values} = parseAnswer(peerAttributes, message);

	switch (command) {
		case commands.wantNtf:
			return {kind: 'want', peer: parsePeer(values)};
		case commands.channelNtf:
			return {kind: 'channel', peer: parsePeer(values)};
		case commands.countsNtf:
			return {kind: 'counts', peer: parsePeer(values)};
		case commands.suspendNtf:
			return {kind: 'suspend'};
		case commands.resumeNtf:
			return {kind: 'resume'};
		default:
			return undefined;
	}
}

async function findFamily(connection: Connection): Promise<Family> {
	const found = await resolveFamily(connection, family.name);

	if (found === undefined) {
		throw noModule();
	}

	return found;
}

async function presence(connection: Connection): Promise<'present' | 'absent'> {
	return (await resolveFamily(connection, family.name)) === undefined ? 'absent' : 'present';
}

function changeOfFamily(message: Message): 'present' | 'absent' | undefined {
	if (message.type !== control.id) {
		return undefined;
	}
	const {command, values} = parseAnswer(controlAttributes, message);

	if (values.familyName !== family.name) {
		return undefined;
	}
	switch (command) {
		case control.newFamily:
			return 'present';
		case control.deleteFamily:
			return 'absent';
		default:
			return undefined;
	}
}
