// SPDX-License-Identifier: MIT
import {undiverted} from '../undiverted.ts';
import type {Work} from '../work.ts';

const less = (name: string) => ({name, unit: 'instr./packet', better: 'less'}) as const;

const counts = [0, 1, 100] as const;

/** Of a guest's traffic with dom0, while it has peers but dom0 is none. */
export const undivertedPackets: Work = {
	headings: [
		less('undiverted_unloaded'),
		...counts.map(count => less(`undiverted_${count}_peers`)),
	],
	arms: ['netfront'],
	take: async stage => {
		const {unloaded, peers} = await undiverted(stage, counts);

		return [unloaded, ...counts.map(count => peers.get(count) ?? NaN)].map(value => ({value}));
	},
};
