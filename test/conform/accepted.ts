// SPDX-License-Identifier: MIT

type Accepted = {
	/** By their names. */
	readonly cases: RegExp;
	/** Of a difference as compare.ts words it. */
	readonly difference: RegExp;
	readonly reason: string;
};

/** Differences that are by design, with what README's table says of them. */
export const accepted: readonly Accepted[] = [
	{
		cases: /, captured by nobody$|^MTU (1280 at one end|576 at both|9000 everywhere)$/,
		difference: /^[ab] counters: Ip6?(Frag(Creates|OKs)|Reasm(Reqds|OKs)): /,
		reason: 'a datagram above the MTU crosses in one piece while nobody captures, so no fragments are counted',
	},
	{
		cases: /^all that IPv6 tells with a datagram, captured by nobody$/,
		difference: /^told: by channel (.*)(\]+), by netfront \1,\[41,77,"[^"]*"\]\2$/,
		reason: 'there were no fragments whose size `IPV6_RECVFRAGSIZE` could tell',
	},
	{
		cases: /^(VXLAN|VXLAN with checksums|Geneve|bare UDP \(FOU\))$/,
		difference: /^b counters: UdpInDatagrams: /,
		reason: 'a stream through the tunnel is as many datagrams as it took segments, which is a matter of speed',
	},
];

export function acceptedFor(name: string, difference: string): string | undefined {
	return accepted.find(each => each.cases.test(name) && each.difference.test(difference))?.reason;
}
