// SPDX-License-Identifier: MIT
import test from 'ava';
import {parseAnswer, type Answer, type Status} from '../../../userland/control/protocol.ts';
import {howWeDo, tellWellBeing} from '../../../userland/daemon/well-being.ts';
import {fakeClock} from './_clock.ts';

const module = {version: '0.1.0', peers: 2, channels: 1};

/** What a daemon says that has nothing more to say. */
function statusOf(more: object): Status {
	const status = {version: '0.1.0', module_loaded: true, module, ...more};
	const answer = parseAnswer(JSON.stringify({ok: true, status}));
	if (!answer.ok || !answer.status) {
		throw new Error('no status');
	}

	return answer.status;
}

test('what keeps us from work is said first', t => {
	const say = (more: object) => howWeDo(statusOf(more), '6.12.9');
	t.is(say({}), '2 peers, 1 channel open');
	t.is(say({module: {...module, peers: 1, channels: 0}}), '1 peer, 0 channels open');
	t.is(
		say({module: {...module, version: '0.0.9'}}),
		'2 peers, 1 channel open; the module that is loaded is 0.0.9, coloopd 0.1.0: `coloop module reload` loads the installed one',
	);
	t.is(say({module_loaded: null, module: null}), 'starting');
	t.is(
		say({module_loaded: false, module: null}),
		'Linux 6.12.9 has no module coloop loaded, so all packets take the ordinary path: `dkms status coloop` says whether it was built, `modprobe coloop` loads it',
	);
	t.is(
		say({policy_errors: ['a.yaml:1:2: error: x', 'b'], module_loaded: false}),
		'the policy has 2 errors and is not in force: a.yaml:1:2: error: x',
	);
	t.is(say({problems: ['host: waits'], policy_errors: ['x']}), 'host: waits');
});

test('that we live is said as often as is wanted, how we do when it changes', async t => {
	const clock = fakeClock();
	const told: string[] = [];
	const stop = new AbortController();
	const manager = {
		watchdogMs: 6000,
		alive: () => told.push('alive'),
		status: (sentence: string) => told.push(sentence),
		...{ready() {}, reloading() {}, stopping() {}},
	};
	let answer: () => Promise<Answer> = async () => ({ok: true, status: statusOf({})});
	const done = tellWellBeing(manager, {handle: () => answer()}, clock, stop.signal);
	await clock.advance(4000);
	t.deepEqual(told.splice(0), ['alive', '2 peers, 1 channel open', 'alive', 'alive']);
	answer = async () => ({ok: true, status: statusOf({module_loaded: false, module: null})});
	await clock.advance(2000);
	t.is(told.length, 2);
	t.regex(told.splice(0)[1] ?? '', /no module coloop/);
	/* A daemon that answers nothing any more is dead. */
	answer = async () => Promise.reject(new Error('lost'));
	await clock.advance(20_000);
	t.deepEqual(told, []);
	stop.abort();
	await done;
});
