// SPDX-License-Identifier: MIT
import type {AttributeTable, Values} from './attributes.ts';
import {decode, encode} from './codec.ts';
import type {Message} from './message.ts';
import type {Connection} from './netlink.ts';
import {errnoOf} from './errors.ts';

/** A generic netlink family as the kernel numbered it. */
export type Family = {
	readonly id: number;
	readonly version: number;
	readonly groups: ReadonlyMap<string, number>;
};

export type Answer<T extends AttributeTable> = {
	readonly command: number;
	readonly values: Values<T>;
};

export const genericProtocol = 16;

/** Families that come and go are said on this group by the family of families. */
export const control = {id: 16, group: 16, newFamily: 1, deleteFamily: 2, getFamily: 3} as const;

/** Of the attributes of nlctrl, those we need. */
export const controlAttributes = {
	familyId: {id: 1, type: 'u16'},
	familyName: {id: 2, type: 'string'},
	version: {id: 3, type: 'u32'},
	groups: {
		id: 7,
		type: 'list',
		set: {name: {id: 1, type: 'string'}, groupId: {id: 2, type: 'u32'}},
	},
} as const;

const headerLength = 4;

/** Asks a family for one thing, or with `dump` for all of them. */
export async function ask<T extends AttributeTable>(
	connection: Connection,
	family: Pick<Family, 'id' | 'version'>,
	table: T,
	command: number,
	values: Values<T>,
	{dump = false}: {dump?: boolean} = {},
): Promise<Answer<T>[]> {
	const messages = await connection.request({
		type: family.id,
		dump,
		header: new Uint8Array([command, family.version, 0, 0]),
		attributes: encode(table, values),
		table,
	});

	return messages.map(message => parseAnswer(table, message));
}

export function parseAnswer<T extends AttributeTable>(table: T, {payload}: Message): Answer<T> {
	return {command: payload[0] ?? 0, values: decode(table, payload.subarray(headerLength))};
}

/** Undefined where no module offers a family of that name. */
export async function resolveFamily(
	connection: Connection,
	name: string,
): Promise<Family | undefined> {
	try {
		const nlctrl = {id: control.id, version: 1};
		const [answer] = await ask(connection, nlctrl, controlAttributes, control.getFamily, {
			familyName: name,
		});
		const {familyId, version, groups} = answer?.values ?? {};

		return familyId === undefined
			? undefined
			: {id: familyId, version: version ?? 1, groups: groupNumbers(groups ?? [])};
	} catch (error) {
		if (errnoOf(error) === 'ENOENT') {
			return undefined;
		}
		throw error;
	}
}

function groupNumbers(
	groups: readonly {readonly name?: string | undefined; readonly groupId?: number | undefined}[],
): Map<string, number> {
	return new Map(
		groups.flatMap(({name, groupId}) =>
			name === undefined || groupId === undefined ? [] : [[name, groupId] as const],
		),
	);
}
