// SPDX-License-Identifier: MIT
import type {Offer} from '../../../userland/kernel/kernel.ts';
import {Link} from '../link.ts';
import {hasPolled} from '../polled.ts';
import {answers, speak, type Attack, type Bout} from './_bout.ts';

/** A lie in the control page of an offer, for which the victim refuses it with a sentence. */
function forged(name: string, does: string, lies: readonly string[], says: RegExp, rule: string) {
	return {
		...{name, does, rule},
		must: `refused with a sentence: ${says.source}`,
		async body({a, b, link, t, say}: Bout) {
			for (const lie of lies) {
				await b.evil(`next ${lie}`);
				await link.begin();
				const {right} = await link.offerBoth();
				const error = await t.throwsAsync(a.attach(b, link.epoch, right), {message: says});
				t.is((await a.channel(b)).state, 'offered');
				say(`${lie}: ${error?.message.replace(/^.*}: /, '')}`);
			}
		},
	};
}

/** An offer whose numbers are not what they should be; the victim is the side that binds the port. */
function misnumbered(
	name: string,
	does: string,
	numbers: (bout: Bout, good: Offer) => Promise<readonly Partial<Offer>[]>,
	says: RegExp,
): Attack {
	return {
		...{name, does, rule: 'R17 R24; XenLoop: BUG_ON(ret<0)'},
		must: `refused with a sentence: ${says.source}`,
		async body(bout) {
			const {a, b, t, say} = bout;
			const link = new Link(a, b, {order: 5, listener: 'right'});
			await link.begin();
			const {right} = await link.offerBoth();
			for (const wrong of await numbers(bout, right)) {
				const attempt = a.attach(b, link.epoch, {...right, ...wrong});
				const error = await t.throwsAsync(attempt, {message: says});
				say(`${JSON.stringify(wrong)}: ${error?.message.replace(/^.*}: /, '')}`);
				t.is((await a.channel(b)).state, 'offered');
			}
			// The good numbers are still good.
			await a.attach(b, link.epoch, right);
		},
	};
}

const huge = 4_294_967_295;

export const offers: readonly Attack[] = [
	forged('page-garbage', 'a page that is no control page', ['magic 0'], /no control page/, 'R1'),
	forged(
		'version',
		'protocol versions from before and after',
		['version 0', 'version 2', `version ${huge}`],
		/speaks version \d+/,
		'R1; F23',
	),
	forged(
		'order',
		'rings too small, too large, and of 2^(2^32) pages',
		['order 0', 'order 4', 'order 10', 'order 32', `order ${huge}`],
		/ring order is \d+/,
		'R1; XSA-86; XenLoop: num_pages over fhandles[64]',
	),
	forged(
		'epoch',
		"a page of another life, of another pair's epoch, of none",
		['epoch 1', 'epoch 0', `epoch ${huge}`],
		/another epoch/,
		'R17',
	),
	forged(
		'ring-grants',
		'ring pages by numbers of reserved, ungranted and impossible grants',
		['ref 0', 'ref 9', 'ref 8000', `ref ${huge}`],
		/cannot map the peer's grant/,
		'R1 R24; XSA-396',
	),
	{
		name: 'ring-grant-foreign',
		does: 'a ring page that is granted to dom0',
		must: 'refused with a sentence',
		rule: 'R24',
		async body({a, b, link, t}) {
			await b.evil(`next ref ${await b.evil('foreign-grant')}`);
			await link.begin();
			const {right} = await link.offerBoth();
			await t.throwsAsync(a.attach(b, link.epoch, right), {message: /cannot map/});
		},
	},
	{
		name: 'ring-grant-repeated',
		does: 'the same page for all pages of its ring',
		must: 'mapped as often as it says: the garbage is its own',
		rule: 'R1',
		async body({a, b, link, t}) {
			await b.evil('next same-refs');
			await link.connect();
			t.is((await a.channel(b)).state, 'live');
			t.is((await a.info()).maps, 33);
		},
	},
	misnumbered(
		'offer-grants',
		'a control page by wrong, huge and foreign numbers',
		async ({b}) => [
			{controlRef: 0},
			{controlRef: 9},
			{controlRef: 8000},
			{controlRef: huge},
			{controlRef: Number(await b.evil('foreign-grant'))},
		],
		/cannot map the peer's grant/,
	),
	misnumbered(
		'offer-ports',
		"event channels that do not exist, are huge, dom0's or already bound",
		async ({b}) => [
			{eventPort: 0},
			{eventPort: 1},
			{eventPort: 4000},
			{eventPort: huge},
			{eventPort: Number(await b.evil('foreign-port'))},
		],
		/cannot bind to event channel/,
	),
	{
		name: 'offer-reused',
		does: 'numbers of a channel that has ended',
		must: 'refused, or refused as of another epoch',
		rule: 'R17; XenLoop: free_evtch',
		async body({a, b, link, t, say}) {
			await link.begin();
			const {right: old} = await link.offerBoth();
			await link.begin();
			const {right} = await link.offerBoth();
			const attempt = a.attach(b, link.epoch, {...right, controlRef: old.controlRef});
			// Xen may have given the number to the new page: then it is the right one.
			if (old.controlRef === right.controlRef) {
				await attempt;
			} else {
				// Or to another of its new pages, which is no control page.
				const message = /cannot map|another epoch|no control page/;
				say((await t.throwsAsync(attempt, {message}))?.message ?? '');
			}
		},
	},
	...[0, 1, huge].map((number): Attack => ({
		name: `mapped-other-${number}`,
		does: `says that it has mapped an offer ${number}, which is not ours`,
		must: 'not live, and no fault; traffic goes the ordinary path',
		rule: 'R15 R17',
		async body({a, b, link, t, lab}) {
			await b.evil(`next mapped ${number}`);
			await b.evil('next side 2');
			await link.begin();
			const {right} = await link.offerBoth();
			await a.attach(b, link.epoch, right);
			await hasPolled(lab.a);
			await answers(lab.a, 'b');
			t.is((await a.channel(b)).state, 'mapped');
			await link.close();
			t.is((await a.channel(b)).reason, 'asked');
		},
	})),
	{
		name: 'mapped-early',
		does: 'is of before offers had numbers, says that it has mapped us, and never does',
		must: 'live, then stalled when nobody takes what is sent; traffic goes the ordinary path',
		rule: 'R7 R15',
		async body(bout) {
			const {a, b, link, t, lab} = bout;
			await b.evil('next features 3');
			await b.evil('next side 2');
			await link.begin();
			const {right} = await link.offerBoth();
			await a.attach(b, link.epoch, right);
			await a.reaches(b, 'live');
			await speak(bout);
			t.is((await a.reaches(b, 'stalled')).reason, 'stalled');
			await lab.a.run('ping -q -c 1 -W 20 b', {silent: true});
		},
	},
	{
		name: 'flip-control',
		does: 'rewrites its control page while it is read, 500 looks long',
		must: 'each look is refused with a sentence, as some are, or believed as a whole',
		rule: 'R1 R3; XSA-155',
		body: controlLies(500),
	},
];

/** So many looks at a page that never holds still. */
export function controlLies(looks: number): (bout: Bout) => Promise<void> {
	return async ({a, b, link, t, say}) => {
		await link.begin();
		const {right} = await link.offerBoth();
		await b.evil('flip control');
		const said = await a.attachOften(b, link.epoch, right, looks);
		const changed = await b.evil('calm');
		say(`the page changed ${changed}`);
		t.true(Number.parseInt(changed, 10) > 0);
		for (const [sentence, count] of Object.entries(said)) {
			say(`${count}: ${sentence}`);
		}
		const refused = Object.keys(said).filter(each => each !== 'attached');
		t.is(
			Object.values(said).reduce((sum, each) => sum + each, 0),
			looks,
		);
		t.true(refused.length > 0);
		const known = /no control page|speaks version|ring order is|another epoch|cannot map/;
		for (const sentence of refused) {
			t.regex(sentence, known);
		}
	};
}
