// SPDX-License-Identifier: MIT
import type {Figures} from './rows.ts';

/** A figure, what it was before the host role followed what changes, and what it may be at most. */
type Line = {
	readonly title: string;
	readonly row: string;
	readonly figure: string;
	readonly unit: string;
	readonly before?: number;
	readonly most?: number;
};

const floods: Line[] = ['30', '100', '300'].flatMap((guests, index) => {
	const row = `flood-${guests}`;
	const title = (what: string) => `${guests} guests, one with 100 hellos a second: ${what}`;

	return [
		{
			...{row, title: title('CPU'), unit: '%'},
			figure: 'helloBusy',
			before: [65, 99, 100][index] ?? 0,
		},
		{
			...{row, title: title('longest turn'), unit: 'ms', most: 50},
			...{figure: 'helloBlocked', before: [156, 617, 2270][index] ?? 0},
		},
		{
			...{
				row,
				title: `${guests} guests, one with 100 junk nodes a second: requests`,
				unit: '/s',
			},
			...{figure: 'junkRequests', before: [1500, 4300, 34_000][index] ?? 0},
		},
	];
});

const real: Line[] = (['oxenstored', 'xenstored'] as const).flatMap(row => {
	const title = (what: string) => `300 guests in a real ${row}: ${what}`;

	return [
		{row, title: title('all announced'), figure: 'first', unit: 'ms'},
		{row, title: title('of xenstored itself'), figure: 'firstOfXenstored', unit: 'ms'},
		{row, title: title('longest turn'), figure: 'blocked', unit: 'ms', most: 50},
		{row, title: title('requests for it'), figure: 'requests', unit: ''},
		{row, title: title('idle requests'), figure: 'idleRequests', unit: '/s', most: 30},
		{row, title: title('idle CPU'), figure: 'idleCpuPercent', unit: '%'},
		{
			...{row, title: title('idle CPU of xenstored'), unit: '%'},
			figure: 'idleCpuPercentOfXenstored',
		},
		{row, title: title('memory'), figure: 'rss', unit: 'MiB', most: 256},
	];
});

const thousand = '1000 guests, 10 000 rules, all pairs allowed:';

const lines: readonly Line[] = [
	{
		title: `${thousand} first plan`,
		row: 'plan',
		figure: 'first',
		unit: 'ms',
		before: 18_000,
		most: 2000,
	},
	{title: 'one guest renamed: plan', row: 'plan', figure: 'change', unit: 'ms', before: 14_300},
	{
		title: 'the same, longest turn',
		row: 'announce',
		figure: 'renameBlocked',
		unit: 'ms',
		before: 14_300,
		most: 20,
	},
	{title: 'everything announced', row: 'announce', figure: 'first', unit: 'ms'},
	{
		title: 'the same, longest turn',
		row: 'announce',
		figure: 'firstBlocked',
		unit: 'ms',
		before: 18_000,
		most: 50,
	},
	{
		title: 'another policy, longest turn',
		row: 'announce',
		figure: 'policyBlocked',
		unit: 'ms',
		most: 50,
	},
	...(
		[
			['first', 'a policy of 10 000 rules, read at first: longest turn'],
			['same', 'written again, and the same'],
			['other', 'written again, and another'],
		] as const
	).map(([figure, title]) => ({title, row: 'policy', figure, unit: 'ms', most: 50})),
	{title: 'memory when announced', row: 'announce', figure: 'rss', unit: 'MiB', most: 256},
	{
		title: 'memory when planned',
		row: 'plan',
		figure: 'rss',
		unit: 'MiB',
		before: 1024,
		most: 256,
	},
	{title: 'memory with a list', row: 'list', figure: 'rss', unit: 'MiB', before: 2150, most: 256},
	{
		title: '300 guests idle: XenStore requests',
		row: 'idle',
		figure: 'requests',
		unit: '/s',
		before: 5900,
		most: 30,
	},
	{title: '300 guests idle: CPU', row: 'idle', figure: 'cpuPercent', unit: '%'},
	{
		title: '200 vifs with an anti-spoof rule each',
		row: 'guard',
		figure: 'cpu',
		unit: 'ms',
		before: 24_000,
		most: 500,
	},
	{
		title: '200 vifs on Open vSwitch, with 16 flows each',
		row: 'ovs',
		figure: 'cpu',
		unit: 'ms',
		most: 500,
	},
	{title: '5000 rules of nftables read: CPU', row: 'rules', figure: 'cpu', unit: 'ms'},
	{title: 'the same, longest turn', row: 'rules', figure: 'blocked', unit: 'ms', most: 50},
	{
		title: 'coloop list, 1000 guests, 50 channels',
		row: 'list',
		figure: 'cpu',
		unit: 'ms',
		before: 27_000,
		most: 300,
	},
	{title: 'of these the daemon', row: 'list', figure: 'daemon', unit: 'ms'},
	{title: 'longest turn of the daemon', row: 'list', figure: 'blocked', unit: 'ms', most: 50},
	{
		title: 'what goes over the socket',
		row: 'list',
		figure: 'bytes',
		unit: 'B',
		before: 173_000_000,
	},
	...real,
	...floods,
	{
		...{title: '300 guests, one that floods: turns of a handshake', row: 'handshake'},
		...{figure: 'turns', unit: 'x', most: 2},
	},
	{title: 'the same, reads', row: 'handshake', figure: 'reads', unit: 'x', most: 2},
];

export function markdown(found: Readonly<Record<string, Figures>>): string {
	const head = ['', 'before', 'at most', 'now', ''];
	const cells = lines.flatMap(({title, row, figure, unit, before, most}) => {
		const value = found[row]?.[figure];

		return value === undefined
			? []
			: [
					[
						title,
						...[before, most, value].map(each => withUnit(each, unit)),
						most !== undefined && value > most ? 'misses' : '',
					],
				];
	});
	const table = [head, head.map(() => '---'), ...cells].map(row => `| ${row.join(' | ')} |`);

	return [
		'# What the host role costs',
		'CPU time of one process and counts. A turn is what keeps everything else of the process waiting.',
		'Why a row misses: test/bench-control/README.md.',
		`${table.join('\n')}\n`,
	].join('\n\n');
}

function withUnit(value: number | undefined, unit: string): string {
	if (value === undefined) {
		return '';
	}
	const digits = value < 10 ? value.toFixed(1) : String(Math.round(value));

	return `${digits} ${unit}`;
}
