// SPDX-License-Identifier: MIT
import type {Status, Want} from '../../control/protocol.ts';
import {listLimits, type Limits} from '../../control/pairs.ts';
import {resolveName, type Named} from '../../control/resolve.ts';
import {version} from '../../control/version.ts';
import type {ModuleInfo} from '../../kernel/kernel.ts';
import type {Parts} from '../daemon.ts';
import type {EndpointView} from '../endpoint/endpoint.ts';
import type {Device} from '../endpoint/bind.ts';
import type {Host} from '../host/host.ts';
import {named} from '../named.ts';
import {chosenPairs, pageOfPairs, pairsOf, type PairPart} from './pairs.ts';
import {peerStatuses} from './peers.ts';

/** What a command that is older than `want` gets: it has no other way to ask for more. */
const olderLimits: Limits = {open: 10_000, refused: 10_000};

/** What is asked for; `coloop -j` prints it as it is. */
export async function readStatus(parts: Parts, want?: Want): Promise<Status> {
	const {host, endpoint, world, policy, problems} = parts;
	const view = await endpoint?.view();
	const devices = endpoint ? await world.interfaces().catch(() => []) : [];
	const domid = view?.known?.domid ?? (world.isDom0 ? 0 : null);
	const meant = whoIsMeant(parts, view, want?.names ?? []);
	const domids = meant.map(domain => domain?.domid);
	const {pairs, left, after} = await pairPart(parts, domids, want);
	const hasPeers = want?.peers !== 'none' && !(want?.peers === 'unless-pairs' && host);

	return {
		version,
		roles: [...(host ? ['host'] : []), ...(endpoint ? ['endpoint'] : [])],
		domid,
		...(view && {host: view.host}),
		module_loaded: view?.isPresent ?? null,
		module: view?.info ? moduleStatus(view.info, devices) : null,
		policy_directory: policy().dir ?? null,
		policy_errors: policy().errors.flatMap(({message}) => message.split('\n')),
		policy_warnings: [...policy().warnings],
		...(world.fleet && {fleet: world.fleet.state()}),
		problems: [
			...problems.values(),
			...(world.held.problem ? [world.held.problem] : []),
			...(want === undefined ? notTold(left) : []),
		],
		peers:
			view && hasPeers
				? peerStatuses(peersOf(view, domids, domid), devices, world.clock)
				: [],
		pairs,
		...(want?.domains && host && {domains: domainsOf(host)}),
		...(want?.names && {
			meant: meant.map(each => (each ? meantStatus(each) : null)),
		}),
		...(left && left.open + left.refused > 0 && {pairs_left: left}),
		...(after && {pairs_after: after}),
		...(want && parts.journal && {troubles: [...parts.journal.troubles()]}),
	};
}

function domainsOf(host: Host): NonNullable<Status['domains']> {
	return host.view().domains.map(({name, domid, uuid, tags, ports}) => ({
		...{name, domid, uuid: uuid ?? null},
		...(tags && {tags: [...tags]}),
		bridges: [...new Set(ports.map(({bridge}) => bridge))],
	}));
}

type Meant = Named & {
	readonly uuid?: string | undefined;
	readonly tags?: readonly string[] | undefined;
	readonly isNameShared?: boolean;
};

/** What rules go by. */
function meantStatus({name, domid, uuid, tags, isNameShared = false}: Meant) {
	return {
		...{name, domid, uuid: uuid ?? null},
		...(tags && {tags: [...tags]}),
		...(isNameShared && {is_name_shared: true}),
	};
}

/** Undefined for a name that nobody has. */
function whoIsMeant(parts: Parts, view: EndpointView | undefined, names: readonly string[]) {
	const domains: Meant[] = names.length > 0 ? [...known(parts, view)] : [];

	return names.map(given => resolveName(given, domains));
}

function* known({host}: Parts, view: EndpointView | undefined): Generator<Meant> {
	yield* (view?.desiredPeers ?? []).map(named);
	yield* host?.view().domains ?? [];
}

type Domids = ReadonlyArray<number | undefined>;

async function pairPart(
	{host, world}: Parts,
	domids: Domids,
	want: Want | undefined,
): Promise<PairPart> {
	if (!host || want?.pairs === 'none') {
		return {pairs: null};
	}
	if (domids.length > 0) {
		return domids.every(domid => domid !== undefined)
			? pairsOf(host.view(), domids)
			: {pairs: []};
	}
	if (want?.pairs === 'all') {
		return pageOfPairs(host.view(), want.after);
	}

	return chosenPairs(host.view(), world.held.pairs?.() ?? [], want ? listLimits : olderLimits);
}

/** All of them where it is we who are asked for. */
function peersOf(view: EndpointView, domids: Domids, own: number | null): EndpointView {
	const isMeant = (peer: number) => domids.every(domid => domid === peer || domid === own);

	return {...view, desiredPeers: view.desiredPeers.filter(({config}) => isMeant(config.domid))};
}

function notTold(left: Status['pairs_left']): string[] {
	const count = (left?.open ?? 0) + (left?.refused ?? 0);

	return count > 0 ? [`${count} pairs more are told to a newer coloop only`] : [];
}

function moduleStatus(info: ModuleInfo, devices: readonly Device[]): Status['module'] {
	const {peers, channels, grants, maps, ports, deferred} = info;

	return {
		version: info.moduleVersion,
		interface: devices.find(({ifindex}) => ifindex === info.ifindex)?.name ?? null,
		peers,
		channels,
		grants,
		grant_limit: info.grantLimit ?? null,
		maps,
		ports,
		deferred,
	};
}
