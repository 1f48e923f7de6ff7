// SPDX-License-Identifier: MIT
import {fleetText} from './fleet-text.ts';
import type {Overview} from './overview.ts';
import {moment} from './units.ts';

/** One screen. `now`: Unix seconds. */
export function overviewLines(overview: Overview, now: number): string[] {
	const {daemon, host, policy, fleet, peers, pairs, troubles, faults} = overview;
	const lines: Array<readonly [string, string]> = [
		['module', moduleText(overview)],
		['daemon', daemon ? `${daemon.version}, ${daemon.roles.join(' and ')}` : 'does not answer'],
		['host role', hostTexts[host ?? ''] ?? host ?? '-'],
		[
			'XenStore',
			overview.xenstore === null ? '-' : overview.xenstore ? 'answers' : 'does not answer',
		],
		['policy', policyText(policy)],
		...(fleet ? [['fleet', fleetText(fleet, now)] as const] : []),
		['peers', countText(peers)],
		...(pairs ? [['pairs', countText(pairs)] as const] : []),
	];
	const recent = troubles.slice(-3).flatMap(({time, level, event, message, hint}) => {
		const text = message === null ? event : `${event}: ${message}`;
		const line = `  ${moment(time)}  ${level.padEnd(5)}  ${text}`;

		return hint === undefined ? [line] : [line, `    -> ${hint}`];
	});

	return [
		...lines.map(([name, text]) => `${`${name}:`.padEnd(11)} ${text}`),
		...(recent.length > 0 ? ['last troubles:', ...recent] : []),
		...(faults.length === 0
			? ['healthy']
			: ['not healthy:', ...faults.map(text => `  ${text}`)]),
	];
}

const hostTexts: Readonly<Record<string, string>> = {
	here: 'is here',
	lives: 'is heard from dom0',
	silent: 'silent: coloopd in dom0 does not run',
	unknown: 'was never heard',
};

function moduleText({module, module_loaded: isLoaded}: Overview): string {
	if (module === null) {
		return isLoaded === null ? 'unknown' : isLoaded ? 'is loaded' : 'not loaded';
	}
	const {version, interface: device, channels, grants, grant_limit: limit, deferred} = module;
	const of = limit === null ? '' : ` of ${limit}`;
	const late = deferred > 0 ? `, ${deferred} of them of ended channels` : '';

	return `${version}, ${device ?? 'no coloop0 here'}, ${channels} channels, ${grants}${of} grants${late}`;
}

function policyText(policy: Overview['policy']): string {
	if (policy === null) {
		return '-';
	}
	const {directory, errors, warnings} = policy;
	const bad = [
		errors.length > 0 ? `${errors.length} errors, the last good one is in force` : [],
		warnings.length > 0 ? `${warnings.length} warnings` : [],
	].flat();

	return [directory ?? 'none, which allows nothing', ...bad].join(', ');
}

/** `5: 2 live, 3 ready` */
function countText(counts: Readonly<Record<string, number>>): string {
	const all = Object.entries(counts);
	const sum = all.reduce((total, [, count]) => total + count, 0);
	const order = (state: string) =>
		(states.indexOf(state) + states.length + 1) % (states.length + 1);
	const parts = all
		.sort(([a], [b]) => order(a) - order(b))
		.map(([state, count]) => `${count} ${state}`);

	return sum === 0 ? 'none' : `${sum}: ${parts.join(', ')}`;
}

const states = [
	...['live', 'ready', 'offered', 'mapped', 'draining', 'closed', 'stalled', 'broken', 'held'],
	'refused',
];
