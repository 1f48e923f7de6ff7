// SPDX-License-Identifier: MIT
import {patient, peer} from '../../lab/channel.ts';
import {until} from '../../lab/until.ts';
import {strayed, waysOf} from '../measure.ts';
import {perPacket} from '../per-packet.ts';
import {applyPolicy, policyFor, type Stage} from '../stage.ts';
import type {Work} from '../work.ts';

/** The most that a peer may have. */
export const counts = [0, 1, 16] as const;

const server = 'fd00::2';

/**
 * So many that a packet to the server has to be compared with all of each, which says no by the last of its words. None
 * touches the next, or they would be one.
 */
export function selectorsFor(count: number): string {
	const addresses = Array.from({length: count}, (_, index) => `'fd00::${100 + 2 * index}'`);

	return count === 0 ? '' : `    except: [{addresses: [${addresses.join(', ')}]}]\n`;
}

/** What selectors cost a packet that takes the channel. By turns, as all rounds are. */
export const selectors: Work = {
	headings: counts.map(count => ({
		...{name: `selectors_${count}`, unit: 'instr./packet', better: 'less'},
	})),
	arms: ['channel'],
	take: async stage => {
		const values: number[] = [];

		for (const count of counts) {
			await turnTo(stage, count);
			await stage.rest();
			values.push(await measured(stage));
		}
		await turnTo(stage, 0);

		return values.map(value => ({value}));
	},
};

/** The channel stays. */
async function turnTo(stage: Stage, count: number): Promise<void> {
	const pair = [stage.group.client, 'b'];
	const policy = policyFor([pair]).replace('accept:', `${selectorsFor(count)}accept:`);

	await stage.wake();
	await applyPolicy(stage.lab, policy);
	await until(
		`the pair has ${count} selectors`,
		async () => ((await peer(stage.client, 'b'))?.selectors ?? []).length === count,
		patient,
	);
	/* What was held for the change has gone. */
	await stage.client.run(`ping -q -c 3 -i 0.2 ${server}`, {silent: true});
}

async function measured({client}: Stage): Promise<number> {
	const before = await waysOf(client);
	const value = await perPacket(client, server);
	const complaint = strayed('channel', before, await waysOf(client));
	if (complaint !== undefined) {
		throw new Error(complaint);
	}

	return value;
}
