// SPDX-License-Identifier: MIT
import {watches} from '../images.ts';
import {Link} from '../link.ts';
import {until} from '../until.ts';
import {holdsNothing, ringBytes, speak, type Attack, type Bout} from './_bout.ts';

/** The control page and the ring. */
function pagesOf(order: number): number {
	return 1 + (1 << order);
}

/** COLOOP_PEER_PAGES_MAX of kmod/limits.h. */
const pagesMax = 8 * pagesOf(9) + 256;

/** The victim gives the channel up after this, and has everything back. */
function survived(
	name: string,
	does: string,
	[command, deed]: readonly [string, RegExp],
	rule: string,
): Attack {
	return {
		...{name, does, rule},
		must: 'the victim reads on or finds the channel broken or stalled; all comes back',
		async body(bout) {
			const {a, b, t, say} = bout;
			const said = await b.evil(command);
			say(said);
			t.regex(said, deed);
			await speak(bout);
			const {state, reason} = await a.reaches(b, 'broken', 'stalled');
			say(`${state}: ${reason}`);
		},
	};
}

export const memory: readonly Attack[] = [
	{
		name: 'map-writable',
		does: "maps the victim's control page for writing",
		must: 'Xen refuses',
		rule: 'R13, invariant 2',
		async body({b, link, t, a}) {
			await link.begin();
			const {left, right} = await link.offerBoth();
			await Promise.all([a.attach(b, link.epoch, right), b.attach(a, link.epoch, left)]);
			await b.reaches(a, 'live');
			const said = await b.evil(`map-writable ${left.controlRef}`);
			t.is(said, `Xen says -1 to mapping grant ${left.controlRef} for writing`);
		},
	},
	{
		name: 'write-peer',
		does: 'writes through the read-only mapping that it has',
		must: 'a fault, or the write is lost (PVH); the byte is as it was',
		rule: 'invariant 2; XSA-396',
		async body({b, t}) {
			t.regex(
				await b.evil('write-peer'),
				/^writing says (-14|0), and the byte is as it was$/,
			);
		},
	},
	{
		name: 'look',
		does: "reads all of the victim's pages for what is left in them",
		must: 'every byte that was not put there for it is zero',
		rule: 'R6; XSA-403; XenLoop: kmalloc without zeroing',
		async body({b, t, say}) {
			const said = await b.evil('look');
			say(said);
			t.is(said, `0 of ${ringBytes} bytes are not zero`);
		},
	},
	{
		name: 'keep',
		does: 'never unmaps: keeps the pages of one channel after the next',
		must: 'they stay allocated and counted, 4360 with those of a channel at most; all come back in the end',
		rule: 'R14; XSA-396; XenLoop: xf_destroy',
		body: kept,
	},
	survived('unmap-early', 'unmaps a live channel', ['unmap-early', /^unmapped 33 pages$/], 'R12'),
	{
		name: 'revoke',
		does: 'writes its grants out of its table while they are mapped',
		must: 'what is mapped stays mapped; the channel ends as stalled, all comes back',
		rule: 'R13; XSA-394, -396',
		async body(bout) {
			const {a, b, t, lab, say} = bout;
			// Without kprobes the table is not found.
			if (watches(lab.flavour.stack)) {
				return say('not tried: needs a kernel with kprobes');
			}
			const said = await b.evil('revoke');
			say(said);
			t.is(said, `revoked ${pagesOf(5)} grants, ${pagesOf(5)} of them in use`);
			await speak(bout);
			t.is((await a.reaches(b, 'stalled')).reason, 'stalled');
		},
	},
	survived(
		'balloon-mapped',
		'gives mapped ring pages back to Xen',
		['balloon 32', /^[1-9]\d* pages of the ring are Xen's again$/],
		'R13 F21',
	),
	{
		name: 'balloon-offered',
		does: 'offers ring pages and gives them back to Xen before they are mapped',
		must: 'refused with a sentence',
		rule: 'R13 R24 F21',
		async body({a, b, link, t, say}) {
			await link.begin();
			const {right} = await link.offerBoth();
			const said = await b.evil('balloon 32');
			say(said);
			t.regex(said, /^[1-9]\d* pages of the ring are Xen's again$/);
			const attempt = a.attach(b, link.epoch, right);
			const error = await t.throwsAsync(attempt, {message: /cannot map/});
			say(error?.message.replace(/^.*}: /, '') ?? '');
		},
	},
	{
		name: 'flapping',
		does: 'ends every channel as soon as it is up, 10 times',
		must: 'each time all comes back',
		rule: 'R12 R15',
		async body({a, b, link, t}) {
			for (let time = 0; time < 10; time++) {
				await link.connect();
				await b.close(a);
				t.is((await a.reaches(b, 'closed')).reason, 'peer-closed');
				await holdsNothing(a);
			}
		},
	},
];

async function kept({a, b, t, say}: Bout): Promise<void> {
	const link = new Link(a, b, {order: 9});
	const waiting = async () => (await a.info()).deferred;
	let channels = 0;
	await b.evil('keep 1');
	do {
		await link.connect();
		await link.close();
		channels += 1;
		t.is((await a.info()).grants, await waiting());
	} while ((await waiting()) + pagesOf(9) <= pagesMax);
	say(`${await waiting()} pages of ${channels + 1} channels wait`);
	t.is(await waiting(), channels * pagesOf(9) + pagesOf(5));

	await link.begin();
	const refused = a.offer(b, link.epoch, {listen: true, order: 9});
	await t.throwsAsync(refused, {message: /the peer keeps \d+ pages of ended channels/});
	await a.offer(b, link.epoch, {listen: true, order: 5});
	say(await b.evil('keep 0'));
	await until('all pages are back', async () => (await waiting()) === 0);
	await link.connect();
}
