// SPDX-License-Identifier: MIT
import {connect, type Connection} from './netlink.ts';

export const routeProtocol = 0;
export const netfilterProtocol = 12;

/** Address families, as headers of messages name them. */
export const families = {unspec: 0, bridge: 7} as const;

/** A connection for as long as the work takes. Throws what the work throws. */
export async function withConnection<T>(
	protocol: number,
	work: (connection: Connection) => Promise<T>,
): Promise<T> {
	const connection = connect(protocol);

	try {
		return await work(connection);
	} finally {
		connection.close();
	}
}
