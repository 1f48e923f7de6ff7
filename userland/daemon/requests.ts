// SPDX-License-Identifier: MIT
import type {Answer, Request} from '../control/protocol.ts';
import {ColoopError} from '../errors.ts';
import type {Domain} from '../xenstore/discover.ts';
import type {Parts} from './daemon.ts';
import type {Wish} from './endpoint/wish.ts';
import {readStatus} from './status.ts';

/** Does what the CLI asks for. Throws what the CLI is to say. */
export function createRequests(parts: Parts): (request: Request) => Promise<Answer> {
	return async request => {
		switch (request.op) {
			case 'status':
				break;
			case 'reload':
				await parts.reload();
				break;
			case 'up':
			case 'down':
				await change(request.op, request.names, parts);
		}
		return {ok: true, status: await readStatus(parts)};
	};
}

async function change(op: 'up' | 'down', names: readonly string[], parts: Parts): Promise<void> {
	const [first = '', second] = names.map(name => (name === 'dom0' ? 'Domain-0' : name));
	await (second === undefined
		? changePeer(op, first, parts)
		: changePair(op, first, second, parts));
}

async function changePeer(op: 'up' | 'down', given: string, parts: Parts): Promise<void> {
	const {endpoint, world} = parts;
	if (!endpoint) throw new ColoopError('USAGE', 'this coloopd has no endpoint role');
	const {wishes, isPresent} = await endpoint.view();
	const isMeant = (wish: Wish) => wish.name === given || String(wish.config.domid) === given;
	const name = wishes.find(isMeant)?.name ?? given;
	const isKnown = wishes.some(wish => wish.name === name) || world.held.peers.has(name);
	if (!isKnown) throw noPeer(given);

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
	const wish = (await endpoint?.view())?.wishes.find(each => each.name === name);
	if (!wish) throw noPeer(name);
	if (wish.refusal === undefined) return;
	throw new ColoopError('PEER', `${name}: ${wish.refusal.reason}`, {
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
	const domains = host.view().verdicts.flatMap(({a, b}) => [a, b]);
	const names = [nameOf(givenA, domains), nameOf(givenB, domains)] as const;
	const gone = names.find(name => domains.every(domain => domain.name !== name));
	/* A pair that is held can be released while an end of it, or XenStore, is gone. */
	const isReleased = op === 'up' && world.held.isPair(...names);
	if (gone !== undefined && !isReleased) throw noDomain(gone, parts);
	if (op === 'down') await world.held.hold(names);
	else await world.held.release(names);
	await host.settle();
}

/** A domain's name for its name or domid; what is given where there is no such domain. */
function nameOf(given: string, domains: readonly Domain[]): string {
	const isMeant = ({name, domid}: Domain) => name === given || String(domid) === given;
	return domains.find(isMeant)?.name ?? given;
}

function noDomain(given: string, {problems}: Parts): ColoopError {
	const problem = problems.get('host');
	if (problem !== undefined) return new ColoopError('STORE', problem);
	return new ColoopError('PEER', `no domain is called ${given}`, {
		hint: 'coloop list names them',
	});
}

function noPeer(given: string): ColoopError {
	return new ColoopError('PEER', `dom0 has not announced a peer called ${given}`, {
		hint: '`coloop list` names the peers; in dom0 it also says why a pair has no channel',
	});
}
