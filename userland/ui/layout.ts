// SPDX-License-Identifier: MIT

/** In a square of 1000 by 1000. */
export type Place = {readonly x: number; readonly y: number};

type Domain = {readonly domid: number; readonly name: string; readonly bridges: readonly string[]};

type Layout<D> = {
	readonly domains: ReadonlyArray<Omit<D, 'bridges'> & Place & {readonly bridges: number[]}>;
	readonly bridges: ReadonlyArray<Place & {readonly name: string}>;
};

const centre = 500;
const outer = 330;
const inner = 130;
/** Of more than eight bridges, which would stand on each other. */
const wider = 230;
const crowd = 8;

/**
 * Domains on a circle, those of one bridge beside each other; bridges within it, each towards its domains.
 * The same domains get the same places, whatever passes between them.
 */
export function layOut<D extends Domain>(domains: readonly D[]): Layout<D> {
	const names = [...new Set(domains.flatMap(({bridges}) => bridges))].sort(byName);
	const groupOf = ({bridges}: D) => {
		const places = bridges.map(bridge => names.indexOf(bridge));

		return places.length === 0 ? names.length : Math.min(...places);
	};
	const sorted = [...domains].sort((a, b) => groupOf(a) - groupOf(b) || a.domid - b.domid);
	const angles = anglesOf(sorted.map(groupOf));
	const placed = sorted.map((domain, index) => ({
		...domain,
		bridges: domain.bridges.map(bridge => names.indexOf(bridge)),
		...at(angles[index] ?? 0, outer),
	}));
	const radius = names.length === 1 ? 0 : names.length > crowd ? wider : inner;
	const bridges = names.map((name, index) => {
		const own = sorted.flatMap((domain, each) => (groupOf(domain) === index ? [each] : []));
		const middle = angles[own[Math.floor(own.length / 2)] ?? 0] ?? 0;

		return {name, ...at(middle, radius)};
	});

	return {domains: placed, bridges};
}

/** From the top, clockwise, with a gap as wide as a domain between groups. */
function anglesOf(groups: readonly number[]): number[] {
	const count = new Set(groups).size;
	const steps = groups.length + (count > 1 ? count : 0);
	let step = 0;

	return groups.map((group, index) => {
		step += index > 0 && group !== groups[index - 1] ? 2 : index > 0 ? 1 : 0;

		return (step / Math.max(1, steps)) * 2 * Math.PI - Math.PI / 2;
	});
}

function at(angle: number, radius: number): Place {
	return {
		x: Math.round(centre + radius * Math.cos(angle)),
		y: Math.round(centre + radius * Math.sin(angle)),
	};
}

function byName(one: string, other: string): number {
	return one.localeCompare(other, 'en', {numeric: true});
}
