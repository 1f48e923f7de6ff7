// SPDX-License-Identifier: MIT
import test from 'ava';
import {createHappenings} from '../../../../userland/daemon/happenings/happenings.ts';
import type {Fields} from '../../../../userland/daemon/log.ts';

type Line = readonly [string, Fields];

/** What lines of a log come to, `event who: reason`. */
function told(lines: readonly Line[], hasEndpoint = true): string[] {
	const read = createHappenings(hasEndpoint, domid => (domid === 9 ? 'nine' : undefined));

	return lines.flatMap(([event, fields]) => {
		const happening = read(event, fields);
		if (!happening) {
			return [];
		}
		const {peer, other, code, reason} = happening;
		const who = other === null ? peer : `${peer} <-> ${other}`;

		return `${happening.event} ${who}${code === null ? '' : ` [${code}]`}${reason === null ? '' : `: ${reason}`}`;
	});
}

const b = {peer: 'b', domid: 2};

const cases: ReadonlyArray<readonly [string, readonly Line[], readonly string[]]> = [
	[
		'a life',
		[
			['channel.offered', {domid: 2, epoch: 7, peer: undefined}],
			['channel.opened', {...b, epoch: 7, reason: 'none'}],
			['channel.draining', {...b, epoch: 7, reason: 'peer-closed'}],
			['channel.closed', {...b, epoch: 7, reason: 'none'}],
			['channel.ended', {domid: 2, epoch: 7, reason: 'closed'}],
		],
		['opened b', 'closed b [peer-closed]: the peer has ended it'],
	],
	[
		'a peer that lies',
		[
			['channel.opened', {...b, epoch: 7}],
			['channel.broken', {...b, epoch: 7, reason: 'bad-index', detail: 12}],
			['channel.closed', {...b, epoch: 7, reason: 'bad-index'}],
		],
		['opened b', "broken b [bad-index]: the peer's index claims more than its ring holds"],
	],
	[
		'a peer that stalls',
		[['channel.stalled', {...b, epoch: 7, reason: 'stalled'}]],
		[
			'broken b [stalled]: the peer took none of the data that waited for it: it is paused, or hangs',
		],
	],
	[
		'an offer that nobody answers, again and again',
		[
			['channel.closed', {...b, epoch: 7, reason: 'timeout'}],
			['channel.closed', {...b, epoch: 7, reason: 'timeout'}],
			['channel.closed', {...b, epoch: 8, reason: 'timeout'}],
		],
		[
			'fallen-back b [timeout]: the peer did not answer our offer in time: does its coloopd run?',
			'fallen-back b [timeout]: the peer did not answer our offer in time: does its coloopd run?',
		],
	],
	[
		'an attempt that the kernel refuses, again and again',
		[
			['peer.added', {...b, epoch: 7}],
			['step.failed', {step: 'offer', domid: 2, epoch: 7, message: 'offer: ENOSPC'}],
			['step.failed', {step: 'offer', domid: 2, epoch: 7, message: 'offer: ENOSPC'}],
			['step.failed', {step: 'decline', domid: 2, message: 'EACCES'}],
			['step.failed', {step: 'hello', message: 'EACCES'}],
		],
		['fallen-back b [failed]: offer: ENOSPC'],
	],
	[
		'a peer that dom0 takes back',
		[
			['channel.opened', {...b, epoch: 7}],
			['peer.removed', b],
			['peer.removed', b],
		],
		['opened b', 'closed b [peer-removed]: dom0 or our policy no longer allows it'],
	],
	[
		'what we decline, and why',
		[
			['peer.declined', {domid: 9, code: 'policy', detail: undefined}],
			['peer.declined', {domid: 3, code: 'device', detail: 'xdp'}],
			['peer.declined', {domid: 4, code: 'rules', detail: 'qdisc'}],
			['peer.declined', {domid: 5, code: 'newest', detail: undefined}],
		],
		[
			'refused nine [policy]: our policy does not allow it',
			'refused domain 3 [device]: our interface has a native XDP program or an AF_XDP socket, which a channel would pass by',
			'fallen-back domain 4 [qdisc]: the queueing discipline of our interface promises a rate or an order, or filters',
			'refused domain 5 [newest]: newest',
		],
	],
	[
		'a pair of the host',
		[
			['peer.announced', {domid: 1, peer: 'b', peer_domid: 2, epoch: 7}],
			['peer.announced', {domid: 2, peer: 'a', peer_domid: 1, epoch: 7}],
			['offer.relayed', {domid: 2, from: 1, epoch: 7, state: 'offered'}],
			['offer.relayed', {domid: 2, from: 1, epoch: 7, state: 'live'}],
			['offer.relayed', {domid: 1, from: 2, epoch: 7, state: 'live'}],
			['offer.relayed', {domid: 1, from: 2, epoch: 7, state: 'live'}],
			['offer.relayed', {domid: 1, from: 2, epoch: 7, state: 'closed'}],
			['offer.relayed', {domid: 2, from: 1, epoch: 7, state: 'closed'}],
		],
		['opened a <-> b', 'closed a <-> b: b has ended it'],
	],
	[
		'ends that are live in different lives are no channel',
		[
			['offer.relayed', {domid: 2, from: 1, epoch: 7, state: 'live'}],
			['offer.relayed', {domid: 1, from: 2, epoch: 8, state: 'live'}],
		],
		[],
	],
	[
		'a pair that is refused is told once, with why',
		[
			['offer.relayed', {domid: 2, from: 1, epoch: 7, state: 'live'}],
			['offer.relayed', {domid: 1, from: 2, epoch: 7, state: 'live'}],
			['pair.refused', {domid: 1, peer_domid: 2, code: 'rule', reason: 'nftables drops'}],
			['peer.withdrawn', {domid: 1, peer_domid: 2}],
			['peer.withdrawn', {domid: 2, peer_domid: 1}],
		],
		['opened domain 1 <-> domain 2', 'refused domain 1 <-> domain 2 [rule]: nftables drops'],
	],
	[
		'a domain that goes',
		[
			['offer.relayed', {domid: 2, from: 1, epoch: 7, state: 'live'}],
			['offer.relayed', {domid: 1, from: 2, epoch: 7, state: 'live'}],
			['peer.withdrawn', {domid: 1, peer_domid: 2}],
		],
		['opened domain 1 <-> domain 2', 'closed domain 1 <-> domain 2: dom0 has taken it back'],
	],
	[
		'what one end says of the other',
		[
			['decline.relayed', {domid: 1, from: 9, code: 'policy'}],
			['decline.relayed', {domid: 1, from: 9, code: undefined}],
			['decline.relayed', {domid: 1, from: 9, code: 'rules', detail: 'tc'}],
		],
		[
			'refused domain 1 <-> nine [declined]: nine declines: its policy denies domain 1',
			'fallen-back domain 1 <-> nine [tc]: nine sends to domain 1 by the ordinary path: a tc egress program or filter of its interface decides',
		],
	],
	[
		'lines that mean nothing for a peer',
		[
			['role.started', {role: 'host'}],
			['policy.loaded', {dir: '/x', pairs: 1}],
			['constructor', {}],
			['write.refused', {domid: 1, message: 'EQUOTA'}],
		],
		[],
	],
];

for (const [what, lines, happenings] of cases) {
	test(what, t => {
		t.deepEqual(told(lines), [...happenings]);
	});
}

test('the channels of dom0 itself are told once', t => {
	const lines: Line[] = [
		['channel.opened', {...b, epoch: 7}],
		['offer.relayed', {domid: 2, from: 0, epoch: 7, state: 'live'}],
		['offer.relayed', {domid: 0, from: 2, epoch: 7, state: 'live'}],
	];
	t.deepEqual(told(lines), ['opened b']);
	t.deepEqual(told(lines.slice(1), false), ['opened domain 0 <-> domain 2']);
});

test('of a refusal of dom0 itself its endpoint hears nothing: the host tells it', t => {
	t.deepEqual(
		told([['pair.refused', {domid: 0, peer_domid: 2, code: 'rule', reason: 'drops'}]]),
		['refused domain 0 <-> domain 2 [rule]: drops'],
	);
});
