// SPDX-License-Identifier: MIT
import {channelStates} from '../../../userland/kernel/constants.ts';
import {status} from '../../lab/channel.ts';
import {until} from '../../lab/until.ts';
import {costOf} from '../cost.ts';
import {parsePingPong, parseStream, unexpected, type Parse} from '../parse.ts';
import {networks, type Row} from '../row.ts';
import type {Stage} from '../stage.ts';
import type {Work} from '../work.ts';
import {looks} from './looks.ts';
import {selectors} from './selectors.ts';
import {sockperfTcp} from './tools.ts';
import {undivertedPackets} from './undiverted.ts';
import {unplugged} from './unplug.ts';

const less = (name: string, unit: string) => ({name, unit, better: 'less'}) as const;

// Long, for xl counts the seconds of a domain in tenths.
const streamSeconds = 6;
const pingPongSeconds = 3;

const stream: Row = {
	...{name: 'cost_stream', unit: 'GB', better: 'more'},
	program: address => `iperf3 --client ${address} --time ${streamSeconds} --json`,
	parse: stdout => ({value: (parseStream(stdout).value * streamSeconds) / 8e3}),
};

const pingPong: Row = {
	...{name: 'cost_rr', unit: '1000 transactions', better: 'more'},
	program: address =>
		`sockperf ping-pong -i ${address} ${sockperfTcp} --msg-size 14 --time ${pingPongSeconds}`,
	parse: parseAllPingPong,
};

/** With what is exchanged before and after the time that counts for the rate, in thousands. */
function parseAllPingPong(stdout: string): ReturnType<Parse> {
	const [, messages] = /\[Total Run\] .* ReceivedMessages=(\d+)/.exec(stdout) ?? [];
	if (!(Number(messages) > 0)) {
		throw unexpected('round trips of sockperf', stdout);
	}

	return {...parsePingPong(stdout), value: Number(messages) / 1000};
}

const costs = (row: Row, name: string, unit: string): Work => ({
	headings: [
		less(`cpu_dom0_${name}`, `CPU s/${unit}`),
		less(`cpu_guests_${name}`, `CPU s/${unit}`),
		less(`events_${name}`, 'events/packet'),
	],
	arms: networks,
	take: async (stage, arm) => {
		const {figure, dom0, guests, eventsPerPacket} = await costOf(stage, arm, row);

		return [
			{value: dom0 / figure.value},
			{value: guests / figure.value},
			{value: eventsPerPacket},
		];
	},
});

/** How soon a channel is there, and what it holds. */
const opening: Work = {
	headings: [less('first_packet_to_live', 'ms'), less('grants_per_channel', 'grants')],
	arms: ['channel'],
	take: async stage => {
		await stage.close();
		await stage.permit();
		const traced = await openTraced(stage);
		const {module} = await status(stage.client);
		const {channels = 0, grants = 0, maps = 0} = module ?? {};
		if (channels !== 1) {
			throw new Error(`expected one channel, got ${channels}`);
		}

		return [{value: parseOpening(traced)}, {value: grants, detail: {maps}}];
	},
};

const packetBytes = 98;

/** Has the kernel note when a packet goes out, and when the channel lives. */
async function openTraced(stage: Stage): Promise<string> {
	const {client, group} = stage;
	await client.run(`cd /sys/kernel/tracing && echo >trace && echo mono >trace_clock
		echo 'name == "eth0" && len == ${packetBytes}' >events/net/net_dev_queue/filter
		echo 1 >events/net/net_dev_queue/enable
		echo 1 >events/coloop/coloop_state/enable`);
	await client.run(`ping -c 1 ${group.server}`);
	await until('the channel lives', () => stage.isLive());
	const {stdout} = await client.run(`cd /sys/kernel/tracing && cat trace
		echo 0 >events/net/net_dev_queue/enable; echo 0 >events/net/net_dev_queue/filter
		echo 0 >events/coloop/coloop_state/enable`);

	return stdout;
}

/** The milliseconds from the first packet until the channel was live, of a trace. */
export function parseOpening(trace: string): number {
	const at = (event: string) =>
		Number(new RegExp(` ([\\d.]+): ${event} `).exec(trace)?.[1]) * 1000;
	const live = channelStates.indexOf('live');
	const ms = at(`coloop_state: .* to=${live}`) - at('net_dev_queue: dev=eth0');
	if (!(ms > 0)) {
		throw unexpected('a packet and a live channel in the trace', trace);
	}

	return ms;
}

export const cost: readonly Work[] = [
	costs(stream, 'stream', 'GB'),
	costs(pingPong, 'rr', '1000 trans'),
	looks,
	opening,
	unplugged,
	undivertedPackets,
	selectors,
];
