// SPDX-License-Identifier: MIT
import type {Answer, Request, Want} from '../control/protocol.ts';
import {resolveName} from '../control/resolve.ts';
import {domainName} from '../domain-name.ts';
import {ColoopError} from '../errors.ts';
import type {Parts} from './daemon.ts';
import {named} from './named.ts';
import {readStatus} from './status/read.ts';

/* Of what an order changes, what costs little to tell: no pair of the host. */
const policyOnly: Want = {peers: 'none', pairs: 'none'};
const peersOnly: Want = {peers: 'all', pairs: 'none'};

/** Does what the CLI asks for. Throws what the CLI is to say. */
export function createRequests(parts: Parts): (request: Request) => Promise<Answer> {
	return async request => {
		switch (request.op) {
			case 'status':
				return {ok: true, status: await readStatus(parts, request.want)};
			case 'reload':
				await parts.reload();

				return {ok: true, status: await readStatus(parts, policyOnly)};
			case 'up':
			case 'down':
				await change(request.op, request.names, parts);

				return {
					ok: true,
					status: await readStatus(
						parts,
						request.names.length > 1 ? policyOnly : peersOnly,
					),
				};
		}
	};
}

async function change(op: 'up' | 'down', names: readonly string[], parts: Parts): Promise<void> {
	const [first = '', second] = names;
	await (second === undefined
		? changePeer(op, first, parts)
		: changePair(op, first, second, parts));
}

async function changePeer(op: 'up' | 'down', given: string, parts: Parts): Promise<void> {
	const {endpoint, world} = parts;
	if (!endpoint) {
		throw new ColoopError('USAGE', 'this coloopd has no endpoint role');
	}
	const {desiredPeers, isPresent} = await endpoint.view();
	const peer = resolveName(given, desiredPeers.map(named));
	/* A peer that is held can be released while it is gone. */
	const name = peer?.name ?? domainName(given);
	if (peer === undefined && !world.held.peers.has(name)) {
		throw noPeer(given);
	}

	if (op === 'down') {
		endpoint.unask(name);
		await world.held.hold([name]);
		await endpoint.settle();

		return;
	}
	await world.held.release([name]);
	if (isPresent === false) {
		throw new ColoopError('NO_MODULE', 'the coloop module is not loaded', {
			hint: 'modprobe coloop',
		});
	}
	endpoint.ask(name);
	await endpoint.settle();
	await refuseIfRefused(name, parts);
}

async function refuseIfRefused(name: string, {endpoint}: Parts): Promise<void> {
	const desired = (await endpoint?.view())?.desiredPeers.find(each => each.name === name);
	if (!desired) {
		throw noPeer(name);
	}
	if (desired.refusal === undefined) {
		return;
	}
	throw new ColoopError('PEER', `${name}: ${desired.refusal.reason}`, {
		hint: `coloop policy test ${name} shows which rule decides here`,
	});
}

async function changePair(
	op: 'up' | 'down',
	givenA: string,
	givenB: string,
	parts: Parts,
): Promise<void> {
	const {host, world} = parts;
	if (!host) {
		throw new ColoopError('USAGE', 'only dom0 takes pairs up and down', {
			hint: `in a guest name one peer: coloop ${op} ${givenB}`,
		});
	}
	const {domains} = host.view();
	const [a, b] = [resolveName(givenA, domains), resolveName(givenB, domains)];
	const names = [a?.name ?? domainName(givenA), b?.name ?? domainName(givenB)] as const;
	if (a !== undefined && a === b) {
		throw new ColoopError('USAGE', `${givenA} and ${givenB} are one domain, not a pair`);
	}
	const gone = a === undefined ? givenA : b === undefined ? givenB : undefined;
	/* A pair that is held can be released while an end of it, or XenStore, is gone. */
	const isReleased = op === 'up' && world.held.isPair(...names);
	if (gone !== undefined && !isReleased) {
		throw noDomain(gone, parts);
	}
	await (op === 'down' ? world.held.hold(names) : world.held.release(names));
	await host.settle();
}

function noDomain(given: string, {problems}: Parts): ColoopError {
	const problem = problems.get('host');
	if (problem !== undefined) {
		return new ColoopError('STORE', problem);
	}

	return new ColoopError('PEER', `no domain is called ${given}`, {
		hint: 'coloop list names them',
	});
}

function noPeer(given: string): ColoopError {
	return new ColoopError('PEER', `dom0 has not announced a peer called ${given}`, {
		hint: '`coloop list` names the peers; in dom0 it also says why a pair has no channel',
	});
}
