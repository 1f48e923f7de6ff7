// SPDX-License-Identifier: MIT
import type {
	NftAddable,
	NftCommand,
	NftExpression,
	NftFamily,
	NftStatement,
} from '../nftables-js/index.ts';

const family: NftFamily = 'netdev';

/** Our own table; nothing else writes to it. */
export const table = {family, name: 'coloop'};

/** Where the device of all channels shows what was received, before the packet goes on to eth0: see kmod/receive.c. */
const device = 'coloop0';

const chain = 'received';
const inTable = {family, table: table.name};

/** Sets and the map that the rules ask; what they hold is all that ever changes. */
const holders: readonly NftAddable[] = [
	/** Who may not be a server of DHCP, and who no router. */
	{set: {...inTable, name: 'no-dhcp', type: 'ether_addr'}},
	{set: {...inTable, name: 'no-ra', type: 'ether_addr'}},
	/** Whose addresses are locked, and to which. */
	{set: {...inTable, name: 'locked', type: 'ether_addr'}},
	{set: {...inTable, name: 'from4', type: ['ether_addr', 'ipv4_addr'], flags: ['interval']}},
	{set: {...inTable, name: 'from6', type: ['ether_addr', 'ipv6_addr'], flags: ['interval']}},
	/** Whose rate is limited, and by which limit. */
	{map: {...inTable, name: 'rates', type: 'ether_addr', map: 'limit'}},
];

const sender: NftExpression = {payload: {protocol: 'ether', field: 'saddr'}};
const is = (left: NftExpression, right: NftExpression): NftStatement => ({
	match: {op: '==', left, right},
});
const isNot = (left: NftExpression, right: NftExpression): NftStatement => ({
	match: {op: '!=', left, right},
});
const drop: readonly NftStatement[] = [{counter: null}, {drop: null}];

/*
 * The kernel module has checked that the Ethernet address belongs to the domain at the other end of the channel.
 * What is locked loses its packets of both versions, unless the address is in the set of that version.
 */
const rules: readonly (readonly NftStatement[])[] = [
	[
		is(sender, '@no-dhcp'),
		is({payload: {protocol: 'udp', field: 'sport'}}, {set: [67, 547]}),
		...drop,
	],
	[
		is(sender, '@no-ra'),
		is(
			{payload: {protocol: 'icmpv6', field: 'type'}},
			{set: ['nd-router-advert', 'nd-redirect']},
		),
		...drop,
	],
	...(['ip', 'ip6'] as const).map(protocol => [
		is({meta: {key: 'protocol'}}, protocol),
		is(sender, '@locked'),
		isNot(
			{concat: [sender, {payload: {protocol, field: 'saddr'}}]},
			protocol === 'ip' ? '@from4' : '@from6',
		),
		...drop,
	]),
	[{limit: {map: {key: sender, data: '@rates'}}}, ...drop],
];

/** The table with empty sets in place of whatever is there: within a transaction no packet sees anything in between. */
export function tableCommands(): NftCommand[] {
	return [
		{add: {table}},
		{delete: {table}},
		{add: {table}},
		...holders.map(add => ({add})),
		{
			add: {
				chain: {
					...inTable,
					...{
						name: chain,
						type: 'filter',
						hook: 'ingress',
						prio: -500,
						dev: device,
						policy: 'accept',
					},
				},
			},
		},
		...rules.map(expr => ({add: {rule: {...inTable, chain, expr}}})),
	];
}
