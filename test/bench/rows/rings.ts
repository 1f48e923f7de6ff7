// SPDX-License-Identifier: MIT
import {peer} from '../../lab/channel.ts';
import {measure} from '../measure.ts';
import type {Figure} from '../parse.ts';
import type {Row} from '../row.ts';
import type {Stage} from '../stage.ts';
import type {Work} from '../work.ts';
import {datagrams, pingPong, sockperfTcp, stream} from './tools.ts';

const mbit = {unit: 'Mbit/s', better: 'more'} as const;

const shapes: readonly Row[] = [
	{name: 'tcp_64K', ...mbit, ...stream('--length 64K')},
	{name: 'tcp_64K_x4', ...mbit, ...stream('--parallel 4 --length 64K')},
	{name: 'udp_32000', ...mbit, ...datagrams(32_000)},
	{name: 'tcp_rr', unit: 'trans/s', better: 'more', ...pingPong(sockperfTcp)},
];

/** The same rows over rings of every size that a policy may ask for. */
export const rings: readonly Work[] = [32, 64, 128, 256, 512].map(pages => ({
	headings: shapes.map(({name, unit, better}) => ({
		...{name: `ring_${pages}_${name}`, unit, better},
	})),
	arms: ['channel'],
	take: async stage => {
		await open(stage, pages);
		await stage.rest();
		const figures: Figure[] = [];
		for (const row of shapes) {
			figures.push(await measure(row, 'channel', stage.place('channel')));
		}
		// Nobody else is to find rings of this size.
		await stage.close();

		return figures;
	},
}));

async function open(stage: Stage, pages: number): Promise<void> {
	await stage.close();
	await stage.open(pages);
	const {ring_bytes: ours, peer_ring_bytes: theirs} = (await peer(stage.client, 'b')) ?? {};
	if (ours !== pages * 4096 || theirs !== ours) {
		throw new Error(`expected rings of ${pages} pages, got ${ours} and ${theirs} bytes`);
	}
}
