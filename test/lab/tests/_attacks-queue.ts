// SPDX-License-Identifier: MIT
import {Link} from '../link.ts';
import {breaks, ringBytes, taken, type Attack, type Bout} from './_bout.ts';

const huge = 4_294_967_295;

function two({a, b}: Bout, listener: 'left' | 'right' = 'left'): Link {
	return new Link(a, b, {order: 5, queues: 2, listener});
}

/** The first page lies about the second queue; what the first queue has taken goes back, too. */
function misled(
	name: string,
	does: string,
	lies: readonly string[],
	listener: 'left' | 'right',
	says: RegExp,
): Attack {
	return {
		...{name, does, rule: 'R1 R13 R24'},
		must: `refused with a sentence: ${says.source}; nothing of the first queue stays`,
		async body(bout) {
			const {a, b, t, say} = bout;
			const link = two(bout, listener);
			for (const lie of lies) {
				await b.evil(`next ${lie}`);
				await link.begin();
				const {right} = await link.offerBoth();
				const before = await a.info();
				const error = await t.throwsAsync(a.attach(b, link.epoch, right), {message: says});
				say(`${lie}: ${error?.message.replace(/^.*}: /, '')}`);
				t.is((await a.channel(b)).state, 'offered');
				t.like(await a.info(), {maps: before.maps, ports: before.ports});
			}
		},
	};
}

export const queues: readonly Attack[] = [
	{
		name: 'queues-count',
		does: 'says that it has more queues than there can be',
		must: 'no more are used than the victim has offered',
		rule: 'R1 R3',
		async body({a, b, link, t}) {
			for (const count of [9, 1000, huge]) {
				await b.evil(`next queues ${count}`);
				await link.connect();
				t.is((await a.channel(b)).queues, 1);
			}
		},
	},
	misled(
		'queues-grants',
		"a second queue's page by numbers of reserved, ungranted and impossible grants",
		['further-ref 0', 'further-ref 8000', `further-ref ${huge}`],
		'left',
		/cannot map the peer's grant/,
	),
	misled(
		'queues-ports',
		"a second queue's event channel that does not exist or is huge",
		['further-port 0', 'further-port 4000', `further-port ${huge}`],
		'right',
		/cannot bind to event channel/,
	),
	{
		name: 'queues-second',
		does: 'prod of the second queue says more than a ring holds',
		must: 'broken: bad-index; nothing of either queue is held',
		rule: 'R2 R12',
		async body(bout) {
			const {a, b, t, say} = bout;
			await two(bout).connect();
			t.is((await a.channel(b)).queues, 2);
			const before = await taken(bout);
			await b.evil('queue 1');
			await breaks(bout, `prod ${ringBytes + 16}`, 'bad-index');
			say(await b.evil('queue 0'));
			t.is(await taken(bout), before);
		},
	},
];
