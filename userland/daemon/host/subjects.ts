// SPDX-License-Identifier: MIT
import {nameProblem} from '../../names.ts';
import type {Domain} from '../../xenstore/discover.ts';
import {hasEnforcement, hasLinkState, hasWords} from '../../xenstore/features.ts';
import {speaks} from '../../xenstore/values.ts';
import type {Refusal} from '../refusal.ts';
import {ambiguousNames} from './namesakes.ts';
import {portFinder, type Port, type Topology} from './ports.ts';

/** A domain with all that pairs of it are judged by. */
export type Subject = Domain & {
	/** Where it touches bridges of dom0, and which of these have an address that is there twice. */
	readonly ports: readonly Port[];
	readonly ambiguousPorts: readonly Port[];
	/** Why its name does not say who it is. */
	readonly misnamed: Refusal | undefined;
	/** It is a name, but also another's. */
	readonly isNameShared: boolean;
	/** Those of XenStore. */
	readonly tags: readonly string[] | undefined;
	/** Two subjects of one domain with the same text get the same verdicts and announcements. */
	readonly text: string;
};

const none: readonly Port[] = [];

/** By domid. All at once, as names and addresses of one may be those of another. */
export function subjectsOf(
	domains: readonly Domain[],
	topology: Topology,
): ReadonlyMap<number, Subject> {
	return createSubjects().renew(domains, topology);
}

/** What a subject was made of. */
type Made = Pick<Subject, 'ports' | 'ambiguousPorts' | 'misnamed' | 'isNameShared'> & {
	readonly domain: Domain;
	readonly subject: Subject;
};

/** The same, where only few change: of a domain that is as it was, the subject is the same object. */
export function createSubjects() {
	let made: ReadonlyMap<number, Made> = new Map();
	let last: Topology | undefined;
	let portsOf: (domain: Domain) => readonly Port[] = () => none;

	return {
		renew(domains: readonly Domain[], topology: Topology): ReadonlyMap<number, Subject> {
			if (topology !== last) {
				[last, portsOf] = [topology, portFinder(topology)];
			}
			const twice = ambiguousMacs(domains.flatMap(portsOf));
			const misnamed = ambiguousNames(domains);
			const isShared = ({domid, name}: Domain) =>
				misnamed.has(domid) && nameProblem(name) === undefined;
			const before = made;
			made = new Map(
				domains.map(domain => {
					const ports = portsOf(domain);
					const ambiguous = ports.filter(port => twice.has(macKey(port)));
					const facts = {
						ports,
						ambiguousPorts: ambiguous.length === 0 ? none : ambiguous,
						misnamed: misnamed.get(domain.domid),
						isNameShared: isShared(domain),
					};

					return [domain.domid, make(before.get(domain.domid), domain, facts)];
				}),
			);

			return new Map([...made].map(([domid, {subject}]) => [domid, subject]));
		},
	};
}

function make(before: Made | undefined, domain: Domain, facts: Omit<Made, 'domain' | 'subject'>) {
	const {ambiguousPorts} = facts;
	if (
		before?.domain === domain &&
		before.ports === facts.ports &&
		before.misnamed?.reason === facts.misnamed?.reason &&
		before.ambiguousPorts.length === ambiguousPorts.length &&
		ambiguousPorts.every(port => before.ambiguousPorts.includes(port))
	) {
		return before;
	}

	const {tagged} = domain;
	const tags = tagged && 'tags' in tagged ? tagged.tags : undefined;

	return {...facts, domain, subject: {...domain, ...facts, tags, text: textOf(domain, facts)}};
}

/** In order of domids, without vifs that came since dom0's rules were read: they are not known for these. */
export function onlyCovered(domains: readonly Domain[], vifs: ReadonlySet<string>): Domain[] {
	const isCovered = ({device}: Domain['vifs'][number]) => vifs.has(device);

	return domains
		.map(domain =>
			domain.vifs.every(isCovered)
				? domain
				: {...domain, vifs: domain.vifs.filter(isCovered)},
		)
		.sort((a, b) => a.domid - b.domid);
}

function textOf(
	{name, uuid, tagged, vcpus, hello}: Domain,
	{ports, ambiguousPorts, misnamed}: Pick<Subject, 'ports' | 'ambiguousPorts' | 'misnamed'>,
): string {
	const speech = [
		hello && speaks(hello),
		hasLinkState(hello),
		hasWords(hello),
		hasEnforcement(hello),
	];

	const twice = ambiguousPorts.map(port => port.name);

	return JSON.stringify([name, uuid, tagged, vcpus, speech, misnamed, ports, twice]);
}

/** Addresses that name no one port of a bridge: whom a packet is for could not be told. */
function ambiguousMacs(ports: readonly Port[]): Set<string> {
	const seen = new Set<string>();
	const twice = new Set<string>();

	for (const key of ports.map(macKey)) {
		(seen.has(key) ? twice : seen).add(key);
	}

	return twice;
}

function macKey({bridge, mac}: Port): string {
	return `${bridge} ${mac}`;
}
