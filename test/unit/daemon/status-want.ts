// SPDX-License-Identifier: MIT
import test from 'ava';
import {listLimits} from '../../../userland/control/pairs.ts';
import type {Want} from '../../../userland/control/protocol.ts';
import {parseAnswer, parseRequest, type Status} from '../../../userland/control/protocol.ts';
import type {Daemon} from '../../../userland/daemon/daemon.ts';
import {ColoopError} from '../../../userland/errors.ts';
import {createStage, uuidOf, type Stage} from './_stage.ts';

/** Through both forms, as over the socket. */
async function statusOf(daemon: Daemon, want?: Want): Promise<Status> {
	const request = parseRequest(JSON.stringify({op: 'status', want}));
	const answer =
		request.op === 'status' && parseAnswer(JSON.stringify(await daemon.handle(request)));
	if (answer && answer.ok && answer.status) {
		return answer.status;
	}
	throw new Error('no status');
}

/** dom0 and guests a, b, ...; all run, or only the first. */
async function hosted(guests: number, running = guests): Promise<[Stage, Daemon, Daemon]> {
	const stage = createStage();
	for (let domid = 1; domid <= guests; domid++) {
		await stage.create(domid);
	}
	const daemons = [stage.start(0)];
	for (let domid = 1; domid <= running; domid++) {
		daemons.push(stage.start(domid));
	}
	await stage.clock.advance(2000);
	const [host, guest] = daemons;
	if (!host || !guest) {
		throw new Error('none started');
	}

	return [stage, host, guest];
}

const names = ({pairs}: Status) => pairs?.map(({a, b}) => `${a.name} ${b.name}`);

test('a status has what was asked for and no more', async t => {
	const [stage, host, guest] = await hosted(3);
	await stage.connect(1, 2);
	const none = await statusOf(host, {peers: 'none', pairs: 'none'});
	t.like(none, {pairs: null, peers: [], roles: ['host', 'endpoint'], module_loaded: true});
	const pairs = await statusOf(host, {peers: 'unless-pairs', pairs: 'some'});
	t.is(pairs.peers.length, 0);
	t.is(pairs.pairs?.length, 6);
	t.is(pairs.pairs_left, undefined);
	t.is((await statusOf(guest, {peers: 'unless-pairs', pairs: 'some'})).peers.length, 3);

	const of = async (daemon: Daemon, ...given: string[]) =>
		statusOf(daemon, {peers: 'all', pairs: 'some', names: given});
	t.deepEqual(names(await of(host, 'a')), ['Domain-0 a', 'a b', 'a c']);
	t.deepEqual(names(await of(host, '2', 'a')), ['a b']);
	t.deepEqual(names(await of(host, 'a', 'a')), ['Domain-0 a', 'a b', 'a c']);
	t.deepEqual(names(await of(host, 'nobody')), []);
	t.like((await of(host, '2', 'nobody')).meant, [{name: 'b', domid: 2, uuid: uuidOf(2)}, null]);
	t.deepEqual(
		(await of(guest, 'b')).peers.map(({peer}) => peer),
		['b'],
	);
	t.like(await of(host, 'dom0'), {peers: [{peer: 'a'}, {peer: 'b'}, {peer: 'c'}]});
	await stage.stopAll();
});

test('orders are answered without the pairs of the host', async t => {
	const [stage, host, guest] = await hosted(2);
	for (const [daemon, op, given] of [
		[host, 'down', ['a', 'b']],
		[host, 'up', ['a', 'b']],
		[guest, 'down', ['b']],
	] as const) {
		const answer = daemon.handle({op, names: [...given]});
		await stage.clock.advance(300);
		t.like(await answer, {ok: true, status: {pairs: null}});
	}
	const answer = host.handle({op: 'reload'});
	await stage.clock.advance(300);
	t.like(await answer, {ok: true, status: {pairs: null, peers: [], policy_errors: []}});
	await stage.stopAll();
});

test('of many pairs the live, the held and a few others are told, and how many there are', async t => {
	const [stage, host] = await hosted(12, 3);
	await stage.connect(1, 2);
	const down = host.handle({op: 'down', names: ['2', '3']});
	await stage.clock.advance(300);
	await down;
	const {pairs, pairs_left: left} = await statusOf(host, {peers: 'none', pairs: 'some'});
	t.is(pairs?.length, listLimits.refused);
	t.deepEqual(left, {open: 0, refused: 78 - listLimits.refused});
	t.is(pairs?.filter(({state}) => state === 'live').length, 1);
	t.is(pairs?.filter(({state}) => state === 'held').length, 1);
	t.is((await statusOf(host)).pairs?.length, 78, 'an older command has no other way to ask');
	await stage.stopAll();
});

test('all pairs come page after page, each once', async t => {
	const stage = createStage();
	for (let domid = 1; domid <= 80; domid++) {
		await stage.create(domid);
	}
	const host = stage.start(0, ['host']);
	await stage.clock.advance(2000);
	const seen: string[] = [];
	let pages = 0;
	let after: [number, number] | undefined;
	do {
		const status = await statusOf(host, {
			peers: 'none',
			pairs: 'all',
			...(after && {after}),
		});
		seen.push(...(names(status) ?? []));
		after = status.pairs_after;
		pages += 1;
	} while (after !== undefined);
	t.is(pages, 2);
	t.is(seen.length, (81 * 80) / 2);
	t.is(new Set(seen).size, seen.length);
	await stage.stopAll();
});

test('a name that is another domain’s domid takes nobody down', async t => {
	const [stage, host] = await hosted(3);
	await stage.xen.write('/local/domain/3/name', '1');
	await stage.clock.advance(20_000);
	for (const op of ['down', 'up'] as const) {
		await t.throwsAsync(host.handle({op, names: ['1', 'b']}), {
			instanceOf: ColoopError,
			message: /^1 is ambiguous: /,
		});
	}
	await t.throwsAsync(statusOf(host, {peers: 'none', pairs: 'some', names: ['1']}), {
		message: /ambiguous/,
	});
	await t.throwsAsync(host.handle({op: 'down', names: ['a', 'a']}), {message: /one domain/});
	t.true((await statusOf(host)).pairs?.every(({state}) => state !== 'held'));
	await stage.stopAll();
});

test('the domains of the host are told where they are asked for, with their bridges', async t => {
	const [stage, host, guest] = await hosted(2, 1);
	stage.bridge(2, 'xenbr1');
	await stage.clock.advance(2000);
	const want: Want = {peers: 'none', pairs: 'none', domains: true};
	t.deepEqual((await statusOf(host, want)).domains, [
		{name: 'Domain-0', domid: 0, uuid: null, bridges: ['xenbr0', 'xenbr1']},
		{name: 'a', domid: 1, uuid: uuidOf(1), bridges: ['xenbr0']},
		{name: 'b', domid: 2, uuid: uuidOf(2), bridges: ['xenbr1']},
	]);
	t.is((await statusOf(host, {peers: 'none', pairs: 'none'})).domains, undefined);
	t.is((await statusOf(guest, want)).domains, undefined);
	await stage.stopAll();
});
