// SPDX-License-Identifier: MIT

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** `877.1 MiB` */
export function bytes(/** @type {number} */ count) {
	let value = count;
	let unit = 0;
	while (value >= 1024 && unit < units.length - 1) {
		value /= 1024;
		unit += 1;
	}

	return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `12.0 MiB/s`, and nothing where nothing moves. */
export function rate(/** @type {number} */ perSecond) {
	return perSecond < 1 ? '' : `${bytes(perSecond)}/s`;
}

/** `3 h 12 min`: the two largest units that are not zero. */
export function age(/** @type {number} */ seconds) {
	let rest = Math.max(0, Math.floor(seconds));
	const parts = [];
	for (const [name, length] of /** @type {const} */ ([
		['d', 86400],
		['h', 3600],
		['min', 60],
		['s', 1],
	])) {
		if (rest >= length) {
			parts.push(`${Math.floor(rest / length)} ${name}`);
			rest %= length;
		}
	}

	return parts.slice(0, 2).join(' ') || '0 s';
}

/** A name, and the domid behind it. */
export function named(/** @type {{name: string, domid: number}} */ {name, domid}) {
	return domid < 0 ? name : `${name} (${domid})`;
}

/** States that look alike. */
export function lookOf(/** @type {string} */ state) {
	if (['live', 'held', 'refused'].includes(state)) {
		return state;
	}

	return ['broken', 'stalled', 'closed'].includes(state) ? 'broken' : 'ready';
}

/** What a screen reader says of a pair: no figure that is another one in two seconds. */
export function sentence({a, b, state, why}) {
	return `${a.name} and ${b.name}: ${state}${why ? `, ${why}` : ''}`;
}
