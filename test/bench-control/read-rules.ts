// SPDX-License-Identifier: MIT
import {execFileSync} from 'node:child_process';
import {setTimeout as sleep} from 'node:timers/promises';
import {readFirewall} from '../../userland/firewall/read.ts';
import {cpuOf, probeTurns} from './scene.ts';
import {macOf} from './store.ts';

/**
 * A table of the bridge's family with so many rules, in our network namespace, read by the daemon's own code: CPU time
 * of this process in ms, which lists nftables in another, and the longest turn.
 */
export async function rulesRead(rules: number): Promise<Record<'cpu' | 'blocked', number>> {
	const lines = Array.from({length: rules}, (_, at) => {
		const mac = macOf(at);

		return `iifname "vif${at}.0" ether saddr != ${mac} drop; `;
	});

	execFileSync('ip', ['link', 'add', 'xenbr0', 'type', 'bridge']);
	execFileSync('nft', ['-f', '-'], {
		input: `table bridge f { chain c { type filter hook forward priority 0; ${lines.join('')}}; }`,
	});
	const probe = probeTurns();
	const cpu = await cpuOf(() => readFirewall(['xenbr0']));
	/* The last turn counts, too. */
	await sleep(10);
	probe.stop();

	return {cpu, blocked: probe.most()};
}
