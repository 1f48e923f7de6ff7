// SPDX-License-Identifier: MIT
import type {Status, Want} from '../control/protocol.ts';
import {errorCodes} from '../errors.ts';
import {statusFor} from './ask.ts';
import type {Shell} from './command.ts';

/** The status. What is wrong goes to `err`, beside the data and never instead of it. */
export async function readStatus(
	{console: {err}, exit, socket}: Pick<Shell, 'console' | 'exit' | 'socket'>,
	want: Want,
): Promise<Status> {
	const status = await statusFor(socket(), want);
	for (const problem of status.problems) {
		err(`coloop: ${problem}`);
	}
	for (const problem of status.policy_errors) {
		err(`coloop: policy: ${problem}`);
	}
	const warnings = status.policy_warnings?.length ?? 0;
	if (warnings > 0 && status.policy_directory !== null) {
		const count = warnings === 1 ? 'a warning' : `${warnings} warnings`;
		err(`coloop: policy: ${count}, see coloop policy lint ${status.policy_directory}`);
	}
	/* The host role does without it. */
	if (status.module_loaded === false && !status.pairs && !status.roles.includes('host')) {
		err('coloop: the coloop module is not loaded\n  modprobe coloop');
		exit.status = errorCodes.NO_MODULE.exit;
	}

	return status;
}
