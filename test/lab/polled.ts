// SPDX-License-Identifier: MIT
import {patient} from './channel.ts';
import type {Guest} from './guest.ts';

const event = '/sys/kernel/tracing/events/napi/napi_poll';

/**
 * Resolves when a module has looked at what its peers say: at the end of the second poll from now, the
 * whole of which came after this call. A channel that is mapped and not live polls twice a second.
 */
export async function hasPolled(machine: Guest): Promise<void> {
	await machine.run(
		`mountpoint -q /sys/kernel/tracing || mount -t tracefs none /sys/kernel/tracing
		echo 'dev_name == "coloop0"' >${event}/filter
		echo >/sys/kernel/tracing/trace; echo 1 >${event}/enable
		until [ $(grep -c napi_poll: /sys/kernel/tracing/trace) -ge 2 ]; do
			busybox usleep 50000
		done
		echo 0 >${event}/enable; echo 0 >${event}/filter`,
		{...patient, silent: true},
	);
}
