// SPDX-License-Identifier: MIT
import {patient} from '../../lab/channel.ts';
import type {Guest} from '../../lab/guest.ts';
import type {Lab} from '../../lab/lab.ts';
import {until} from '../../lab/until.ts';

const program = '/opt/coloop/vchan';

/** One run of the client in a with a server in b; what the client tells. */
export async function shareMemory({a, b}: Lab, options: string): Promise<string> {
	for (const each of [a, b]) {
		await each.run('modprobe -a xen-gntalloc xen-gntdev xen-evtchn');
	}
	const server = b.spawn(`exec ${program} server ${await domidOf(a)}`);
	await until('vchan is offered', () => server.stdout().includes('ready'), patient);
	const {stdout} = await a.run(`${program} client ${await domidOf(b)} ${options}`, patient);
	const {status, stderr} = await server.done;
	if (status !== 0) {
		throw new Error(`vchan's server ended with status ${status}: ${stderr}`);
	}

	return stdout;
}

async function domidOf(guest: Guest): Promise<number> {
	return Number((await guest.run('xenstore-read domid', {silent: true})).stdout);
}
