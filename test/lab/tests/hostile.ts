// SPDX-License-Identifier: MIT
import test from 'ava';
import {
	channelUp,
	diverted,
	holdings,
	inTurn,
	killDaemon,
	patient,
	peer,
	startDaemon,
	writePolicy,
} from '../channel.ts';
import {until} from '../until.ts';
import {labWith} from '../with-lab.ts';
import {
	askAgain,
	findsOut,
	tellUnderFlood,
	underTraffic,
	unwritable,
	withLiar,
	type UnderTraffic,
} from './_liar.ts';

/** Without the host role there is no next channel to hide the end of this one. */
const brokenForGood: UnderTraffic = async (t, {lab, dom0, a, b, claim}, traffic) => {
	await killDaemon(dom0);
	await tellUnderFlood(lab, 'prod 24');
	await until('a sees it broken', async () => (await peer(a, 'b'))?.state === 'broken');
	const ordinary = await diverted(a);
	await traffic.flows();
	t.is(await diverted(a), ordinary);
	const {stdout} = await a.run('coloop show b', {timeout: 120_000});
	t.regex(stdout, /broken: bad-index/);
	claim('fallback', 'broken: bad-index in `coloop show`, one TCP connection and UDP go on');
	// What b still maps of ours is not ours to free; all else is.
	const [held] = await holdings(a);
	t.like(held, {channels: 0, maps: 0, ports: 0, grants: held?.deferred});

	await startDaemon(dom0);
	await askAgain(a);
	await channelUp(lab);
	await traffic.flows();
	await writePolicy(dom0, 'version: 1\npairs: []\n');
	await until('nothing is held', async () => (await holdings(a, b)).every(isEmpty), patient);
	await traffic.flows();
};

test(
	'a peer that lies breaks its channel and nothing else',
	labWith({mode: 'icount'}),
	withLiar(
		inTurn({
			'it cannot write our pages': unwritable,
			'a lying length or index is found out, and a broken channel holds nothing':
				underTraffic(findsOut([['record-len 2000', 'bad-record']]), brokenForGood),
		}),
	),
);

function isEmpty(module: Awaited<ReturnType<typeof holdings>>[number]): boolean {
	return module?.channels === 0 && module.grants + module.maps + module.ports === 0;
}
