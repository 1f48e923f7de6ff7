// SPDX-License-Identifier: MIT
import {bytesOfIperf3, lostDatagrams, type Figure} from '../parse.ts';
import {disturb} from '../disturb.ts';
import type {Work} from '../work.ts';

const less = (name: string, unit: string) => ({name, unit, better: 'less'}) as const;

// At a rate that netfront can carry, too.
const seconds = 8;
const datagrams = (address: string) =>
	`iperf3 --client ${address} --udp --bitrate 20M --length 1400 --time ${seconds} --json`;
const stream = (address: string) => `iperf3 --client ${address} --time ${seconds} --json`;

/** What traffic feels of a channel that goes and comes back; `quiet` is the same without that. */
export const unplugged: Work = {
	headings: [
		less('unplug_time', 'ms'),
		{...less('unplug_udp_lost', 'datagrams'), worst: true},
		less('unplug_tcp_retransmits', 'segments'),
		{...less('unplug_tcp_timeouts', 'timeouts'), worst: true},
	],
	arms: ['channel'],
	take: async (stage): Promise<Figure[]> => {
		const {address} = stage.place('channel');
		const [quietUdp, udp] = [
			await disturb(stage, datagrams(address), false),
			await disturb(stage, datagrams(address), true),
		];
		const [quietTcp, tcp] = [
			await disturb(stage, stream(address), false),
			await disturb(stage, stream(address), true),
		];
		const mbit = (bytes: number) => (bytes * 8) / seconds / 1e6;

		return [
			{value: tcp.unplugMs ?? NaN, detail: {udp_ms: udp.unplugMs ?? NaN}},
			{
				// What iperf3 was too late to read had arrived.
				value: lostDatagrams(udp.stdout) - udp.overflowed,
				detail: {quiet: lostDatagrams(quietUdp.stdout), overflowed: udp.overflowed},
			},
			{
				value: tcp.retransmits,
				detail: {
					quiet: quietTcp.retransmits,
					quiet_mbit: mbit(bytesOfIperf3(quietTcp.stdout)),
					mbit: mbit(bytesOfIperf3(tcp.stdout)),
				},
			},
			{value: tcp.timeouts, detail: {quiet: quietTcp.timeouts}},
		];
	},
};
