// SPDX-License-Identifier: MIT

/** A chain at forward, of the bridge unless told. */
export function forward(
	rules: string,
	{family = 'bridge', more = '', policy = 'accept'} = {},
): string {
	return `nft 'table ${family} f {
		${more}
		chain c { type filter hook forward priority 0; policy ${policy};
			${rules}
		}
	}'`;
}

const calls = ['iptables', 'ip6tables'].map(name => `/proc/sys/net/bridge/bridge-nf-call-${name}`);
/** Bridged packets pass IP's chains, or do not. */
export const seen = calls.map(path => `echo 1 >${path}`).join('; ');
export const unseen = calls.map(path => `echo 0 >${path}`).join('; ');

/** The same in a chain of IP, where br_netfilter shows it bridged packets. */
export const ofIp = (rules: string, options: Parameters<typeof forward>[1] = {}) => ({
	sh: `${forward(rules, {family: 'ip', ...options})}; ${seen}`,
	undo: unseen,
});
