// SPDX-License-Identifier: MIT
import {acceptedFor} from './accepted.ts';
import type {Sighting, Way} from './sighting.ts';

export type Verdict = 'same' | 'differs' | 'failed' | 'not here';

export type Comparison = {
	readonly name: string;
	readonly subject: string;
	readonly verdict: Verdict;
	/** Of `same`: by design, and why; of others: what is wrong. */
	readonly notes: readonly string[];
	/** Packets that left a and b by the channel, while it was there. */
	readonly diverted: number;
};

/** What programs, captures and counters saw by one way and not by the other. */
export function compare(seen: Readonly<Record<Way, Sighting>>): Comparison {
	const {channel, netfront} = seen;
	const about = {
		name: channel.case,
		subject: channel.subject,
		diverted: channel.a.diverted[0] + channel.b.diverted[0],
	};
	const missing = [channel, netfront].find(({outcome}) => outcome === 'not here');
	if (missing) {
		return {...about, verdict: 'not here', notes: [missing.why ?? '']};
	}
	const failures = [...failuresOf('channel', channel), ...failuresOf('netfront', netfront)];
	if (failures.length > 0) {
		return {...about, verdict: 'failed', notes: failures};
	}
	const differences = [...wrongWay(seen), ...differencesOf(seen)];
	const reasons = differences.map(each => acceptedFor(channel.case, each));
	const rest = differences.filter((_, index) => reasons[index] === undefined);
	if (rest.length > 0) {
		return {...about, verdict: 'differs', notes: rest};
	}
	const known = reasons.filter(each => each !== undefined);

	return {
		...about,
		verdict: 'same',
		notes: [...new Set([...(channel.ordinary ? [channel.ordinary] : []), ...known])],
	};
}

function failuresOf(way: Way, {outcome, why, trace, untidy}: Sighting): string[] {
	return [
		...(outcome === 'failed' ? [`by ${way}: ${why ?? ''}\n${trace ?? ''}`.trimEnd()] : []),
		...untidy.map(each => `by ${way}: left behind: ${each}`),
	];
}

/** The counters of coloop0 prove which way a case went. */
function wrongWay({channel, netfront}: Readonly<Record<Way, Sighting>>): string[] {
	const moved = ({a, b}: Sighting) => [...a.diverted, ...b.diverted].some(count => count !== 0);

	return [
		...(moved(channel) || channel.ordinary ? [] : ['nothing took the channel']),
		...(moved(netfront) ? ['something took a channel that was down'] : []),
	];
}

function differencesOf({channel, netfront}: Readonly<Record<Way, Sighting>>): string[] {
	const told = (value: unknown) => JSON.stringify(value) ?? 'nothing';

	return [
		...(told(channel.told) === told(netfront.told)
			? []
			: [`told: by channel ${told(channel.told)}, by netfront ${told(netfront.told)}`]),
		...(['a', 'b'] as const).flatMap(name => [
			...lists(`${name} packets`, channel[name].packets, netfront[name].packets),
			...lists(`${name} forms`, channel[name].forms, netfront[name].forms),
			...counts(`${name} counters`, channel[name], netfront[name]),
		]),
	];
}

function lists(
	what: string,
	byChannel: readonly string[],
	byNetfront: readonly string[],
): string[] {
	const more = [
		...without(byChannel, byNetfront).map(each => `${what}: by channel alone: ${each}`),
		...without(byNetfront, byChannel).map(each => `${what}: by netfront alone: ${each}`),
	];
	if (more.length === 0 && byChannel.join('\n') !== byNetfront.join('\n')) {
		return [`${what}: in another order`];
	}

	return more;
}

/** What is in the first list more often than in the second. */
function without(first: readonly string[], second: readonly string[]): string[] {
	const left = [...second];

	return first.filter(each => {
		const at = left.indexOf(each);
		if (at >= 0) {
			left.splice(at, 1);
		}

		return at < 0;
	});
}

function counts(
	what: string,
	{counters: byChannel, blurred}: Sighting['a'],
	{counters: byNetfront, blurred: alsoBlurred}: Sighting['a'],
): string[] {
	const isBlurred = (name: string) =>
		[...blurred, ...alsoBlurred].some(prefix => name.startsWith(prefix));
	const names = [...new Set([...Object.keys(byChannel), ...Object.keys(byNetfront)])]
		.filter(name => !isBlurred(name))
		.sort();

	return names.flatMap(name => {
		const [one, other] = [byChannel[name] ?? 0, byNetfront[name] ?? 0];

		return one === other ? [] : [`${what}: ${name}: by channel ${one}, by netfront ${other}`];
	});
}
