// SPDX-License-Identifier: MIT
import type {Domain} from '../../xenstore/discover.ts';
import type {Refusal} from '../refusal.ts';
import {whereabouts, type Topology} from './ports.ts';

/** Why two domains meet on no bridge of dom0: each one's vifs, and what they are on. */
export function refuseApart({a, b}: {a: Domain; b: Domain}, topology: Topology): Refusal {
	const places = [placesOf(a, topology), placesOf(b, topology)].join('; ');

	return {code: 'bridge', reason: `they meet on no bridge of dom0: ${places}`};
}

/** A guest may have many; the first few tell what kind of set-up it is. */
const named = 3;

function placesOf(domain: Domain, topology: Topology): string {
	const places = domain.domid === 0 ? bridgesOf(topology) : vifsOf(domain, topology);
	const rest = places.length - named;

	return [...places.slice(0, named), ...(rest > 0 ? [`and ${rest} more`] : [])].join(', ');
}

function bridgesOf({bridges, ovsBridges = new Map()}: Topology): string[] {
	const names = [...bridges, ...new Set(ovsBridges.values())];

	return names.length === 0
		? ['dom0 has no bridge']
		: names.map(name => `dom0 itself is on ${name}`);
}

function vifsOf(domain: Domain, topology: Topology): string[] {
	const {domid, name, vifs, foreignVifs} = domain;
	const places = [
		...vifs.map(vif => whereabouts(vif, domain, topology)),
		...foreignVifs.map(
			({handle, backend}) =>
				`vif${domid}.${handle} is served by domain ${backend}, not by dom0`,
		),
	];

	return places.length === 0 ? [`${name} has no vif`] : places;
}
