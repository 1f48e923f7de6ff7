// SPDX-License-Identifier: MIT
import type {Status} from '../control/protocol.ts';

/** What the daemon says of itself when its metrics are asked for. */
export type Reading = {
	/** With all peers and no pairs. */
	readonly status: Status;
	/** Whether each role that it has runs. */
	readonly roles: ReadonlyMap<string, boolean>;
	/** Where there is a host role. */
	readonly host?: {
		readonly domains: number;
		/** How many pairs are in each state. */
		readonly pairs: ReadonlyMap<string, number>;
	};
};
