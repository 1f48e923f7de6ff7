// SPDX-License-Identifier: MIT
import test from 'ava';
import {sees, visits} from '../../../userland/firewall/traffic.ts';
import type {Port} from '../../../userland/firewall/types.ts';
import type {NftFamily} from '../../../userland/nftables-js/index.ts';
import {nodeInNetns} from '../nftables-js/_netns.ts';
import {host, vifA, vifB} from './_fixtures.ts';

/** Real packets through a real bridge: the chains that count them are those that visits() names, no more, no less. */
async function compare(
	t: {deepEqual(a: unknown, b: unknown): unknown},
	a: Port,
	b: Port,
	bridgeNf: boolean,
) {
	const args = [a === vifA ? 'a' : 'host', b === host ? 'host' : 'b', bridgeNf ? '1' : '0'];
	const output: unknown = JSON.parse(
		await nodeInNetns(new URL('_packets.js', import.meta.url), args),
	);
	const seen = Array.isArray(output) ? output.map(String) : [];
	// dom0's own packets pass its IP chains on a channel as well, so those are none of the guard's business.
	const isOurs = (chain: string) => b !== host || /^bridge|gress/.test(chain);

	t.deepEqual(seen.filter(isOurs).sort(), expected(a, b, bridgeNf).sort());
}

function expected(a: Port, b: Port, bridgeNf: boolean): string[] {
	const found = new Set<string>();

	for (const visit of visits(a, b, {ip: bridgeNf, ip6: bridgeNf})) {
		for (const {family, hook, device} of everyChain()) {
			if (
				sees(visit, family, {
					type: 'filter',
					hook,
					prio: 0,
					policy: 'accept',
					devices: device === '-' ? undefined : [device],
				})
			) {
				found.add(`${family} ${hook} ${device} ${visit.traffic.protocol}`);
			}
		}
	}

	return [...found];
}

function everyChain(): {family: NftFamily; hook: string; device: string}[] {
	const families: NftFamily[] = ['bridge', 'inet', 'ip', 'ip6'];
	const hooks = ['prerouting', 'input', 'forward', 'output', 'postrouting'];
	const devices = ['vif3.0', 'vif4.0', 'xenbr0'];

	return [
		...families.flatMap(family => hooks.map(hook => ({family, hook, device: '-'}))),
		...devices.flatMap(device => [
			{family: 'netdev' as const, hook: 'ingress', device},
			{family: 'netdev' as const, hook: 'egress', device},
			{family: 'inet' as const, hook: 'ingress', device},
		]),
	];
}

test.serial('two guests', t => compare(t, vifA, vifB, false));
test.serial('two guests, with bridge-nf-call-iptables', t => compare(t, vifA, vifB, true));
test.serial('a guest and dom0', t => compare(t, vifA, host, false));
