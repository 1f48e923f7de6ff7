// SPDX-License-Identifier: MIT
import {channelUp, patient, status, type Body} from '../channel.ts';
import type {Guest} from '../guest.ts';

/** How long a channel may live on after dom0 has forbidden it, in milliseconds of dom0's clock. */
const most = 1000;

/** What dom0 does that stands between a and b, how it takes that back, and what it is then told. */
export type Change = {
	/** What it does before, which forbids nothing. */
	readonly first?: string;
	readonly does: string;
	readonly undoes: string;
	readonly reason: RegExp;
	/** What b is called then. */
	readonly renamed?: string;
};

/** Milliseconds until both have taken back their offers, as they do when their channel has gone. */
async function msUntilGone(dom0: Guest, does: string): Promise<number> {
	const {stdout} = await dom0.run(
		`a=$(xl domid a) b=$(xl domid b)
		offers="/local/domain/$a/data/coloop/offers/$b /local/domain/$b/data/coloop/offers/$a"
		for offer in $offers; do xenstore-exists $offer || { echo "no $offer" >&2; exit 1; }; done
		from=$(date +%s%N)
		{ ${does}
		} >&2
		for offer in $offers; do while xenstore-exists $offer; do busybox usleep 20000; done; done
		echo $((($(date +%s%N) - from) / 1000000))`,
		patient,
	);

	return Number(stdout);
}

/** A step in which a change of dom0 ends the channel of a and b, and is named. */
export const ends =
	(name: string, {first = ':', does, undoes, reason, renamed = 'b'}: Change): Body =>
	async (t, {lab, dom0}) => {
		await dom0.run(first);
		await channelUp(lab);
		const ms = await msUntilGone(dom0, does);
		t.log(`${name}: ${ms} ms`);
		t.true(ms <= most, `${name}: ${ms} ms`);
		const why = async () => {
			const {pairs} = await status(dom0);

			return pairs?.find(({a, b}) => a.name === 'a' && b.name === renamed)?.reason ?? '';
		};
		t.regex(await why(), reason);
		await dom0.run(undoes);
	};
