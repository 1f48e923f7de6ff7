// SPDX-License-Identifier: MIT
import test from 'ava';
import fc from 'fast-check';
import {parseFlows} from '../../../userland/openvswitch/flows.ts';
import {createFlowTable, flowThatDecides} from '../../../userland/openvswitch/walk.ts';
import type {Frames} from '../../../userland/openvswitch/match.ts';

const frames: Frames = {
	inPort: 1,
	source: '00:16:3e:00:00:01',
	destination: '00:16:3e:00:00:02',
	protocol: 'ip',
};

function decides(...lines: readonly string[]): string | undefined {
	const found = flowThatDecides(createFlowTable(parseFlows(lines.join('\n'))), frames);

	return typeof found === 'object' ? found.text : found;
}

test('NORMAL alone is no obstacle', t => {
	t.is(decides(' priority=0 actions=NORMAL'), undefined);
});

test('a flow that may match and does something else is', t => {
	t.is(
		decides(' priority=0 actions=NORMAL', ' priority=1,tcp actions=drop'),
		'priority=1,tcp actions=drop',
	);
	t.is(
		decides(' priority=0 actions=NORMAL', ' priority=1,tcp actions=NORMAL,output:3'),
		'priority=1,tcp actions=NORMAL,output:3',
	);
});

test('a flow below one that surely matches is not', t => {
	t.is(decides(' priority=1,ip actions=NORMAL', ' priority=0 actions=drop'), undefined);
	t.is(
		decides(' priority=1,tcp actions=NORMAL', ' priority=0 actions=drop'),
		'priority=0 actions=drop',
	);
});

test('of flows with the same priority any may count', t => {
	t.is(
		decides(' priority=1,ip actions=NORMAL', ' priority=1,in_port=1 actions=drop'),
		'priority=1,in_port=1 actions=drop',
	);
	t.is(
		decides(' priority=1,in_port=1 actions=drop', ' priority=1,ip actions=NORMAL'),
		'priority=1,in_port=1 actions=drop',
	);
});

test('a flow that never matches is not', t => {
	t.is(
		decides(
			' priority=0 actions=NORMAL',
			' priority=9,arp actions=drop',
			' priority=9,in_port=7 actions=drop',
		),
		undefined,
	);
});

test('what matches no flow is not forwarded', t => {
	t.is(decides(), 'none');
	t.is(decides(' priority=9,tcp actions=NORMAL'), 'none');
	t.is(decides(' priority=9,arp actions=NORMAL'), 'none');
});

test('a table looks at the flows of a port and at those of all, down to one that always matches', t => {
	const table = createFlowTable(
		parseFlows(
			[
				' priority=5,in_port=1,tcp actions=a',
				' priority=4,dl_dst=00:16:3e:00:00:02 actions=b',
				' priority=3,in_port=1 actions=c',
				' priority=3,ip actions=d',
				' priority=1 actions=e',
				' in_port=LOCAL actions=f',
				' arp actions=g',
			].join('\n'),
		),
	);
	const from = (inPort: number) =>
		table.from({...frames, inPort}).map(({flow: {actions}}) => actions);

	t.deepEqual(from(1).sort(), ['a', 'b', 'c', 'd']);
	t.deepEqual(from(2), ['b', 'd']);
	t.deepEqual(from(0xfffe), ['f']);
});

test('whatever the flows, no packet that they stop is taken for forwarded', t => {
	const field = fc.constantFrom(
		'dl_dst=00:16:3e:00:00:02',
		'dl_dst=00:16:3e:00:00:03',
		'in_port=1',
		'in_port=2',
		'ip',
		'ipv6',
		'nw_src=1',
		'tp_dst=25',
		'dl_vlan=0xffff',
		'dl_vlan=5',
	);
	const flow = fc.record({
		priority: fc.integer({min: 0, max: 4}),
		match: fc.uniqueArray(field, {maxLength: 3}),
		actions: fc.constantFrom('NORMAL', 'NORMAL', 'drop', 'output:3'),
	});

	const holds = fc.property(
		fc.array(flow, {maxLength: 6}),
		fc.boolean(),
		fc.boolean(),
		(list, nw, tp) => {
			const sorted = list
				.map(each => ({...each, text: ''}))
				.sort((one, other) => other.priority - one.priority);
			/* One packet, matched as a switch does it; of those with one priority, the worst. */
			const packet = [
				...['in_port=1', 'ip', 'dl_vlan=0xffff', 'dl_dst=00:16:3e:00:00:02'],
				...(nw ? ['nw_src=1'] : []),
				...(tp ? ['tp_dst=25'] : []),
			];
			const hits = sorted.filter(({match}) => match.every(each => packet.includes(each)));
			const best = hits.filter(({priority}) => priority === hits[0]?.priority);
			const isForwarded = best.length > 0 && best.every(({actions}) => actions === 'NORMAL');

			return isForwarded || flowThatDecides(createFlowTable(sorted), frames) !== undefined;
		},
	);

	t.notThrows(() => fc.assert(holds, {numRuns: 5000}));
});
