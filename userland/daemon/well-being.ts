// SPDX-License-Identifier: MIT
import {release} from 'node:os';
import type {Status} from '../control/protocol.ts';
import type {Clock} from './clock.ts';
import type {Daemon} from './daemon.ts';
import type {Manager} from './manager.ts';

const period = 5000;

/**
 * Tells the service manager, until the signal aborts, that we live, and how we do when that changes. To live is
 * to answer what we are asked.
 */
export async function tellWellBeing(
	manager: Manager,
	{handle}: Pick<Daemon, 'handle'>,
	clock: Clock,
	signal: AbortSignal,
): Promise<void> {
	const pause = Math.min(period, (manager.watchdogMs ?? Infinity) / 3);
	let last: string | undefined;
	while (!signal.aborted) {
		const answer = await handle({op: 'status', want: {peers: 'none', pairs: 'none'}}).catch(
			() => undefined,
		);
		if (answer?.ok && answer.status) {
			manager.alive();
			const sentence = howWeDo(answer.status);
			if (sentence !== last) {
				manager.status(sentence);
				last = sentence;
			}
		}
		await clock.sleep(pause, signal);
	}
}

/** One sentence: what keeps us from work, or how much of it there is. */
export function howWeDo(status: Status, kernel: string = release()): string {
	const {problems, policy_errors: errors, module_loaded: isLoaded, module} = status;
	const [problem] = problems;
	if (problem !== undefined) {
		return problem;
	}
	if (errors[0] !== undefined) {
		return `the policy has ${count(errors.length, 'error')} and is not in force: ${errors[0]}`;
	}
	if (isLoaded === false) {
		return `Linux ${kernel} has no module coloop loaded, so all packets take the ordinary path: \`dkms status coloop\` says whether it was built, \`modprobe coloop\` loads it`;
	}
	if (!module) {
		return 'starting';
	}

	return `${count(module.peers, 'peer')}, ${count(module.channels, 'channel')} open${otherAge(module.version, status.version)}`;
}

/* They work together; what one of them does not know, the other does without. */
function otherAge(module: string | null, daemon: string): string {
	if (module === null || module === daemon) {
		return '';
	}

	return `; the module that is loaded is ${module}, coloopd ${daemon}: \`coloop module reload\` loads the installed one`;
}

function count(number: number, what: string): string {
	return `${number} ${what}${number === 1 ? '' : 's'}`;
}
