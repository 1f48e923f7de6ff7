// SPDX-License-Identifier: MIT
import {watches} from '../images.ts';
import {until} from '../until.ts';
import {speak, type Attack} from './_bout.ts';

export const events: readonly Attack[] = [
	{
		name: 'event-storm',
		does: '100 000 events as fast as Xen takes them, without a cause',
		must: 'the victim answers meanwhile, is told of fewer than one in a hundred, the channel stays',
		rule: 'R10 R11; XSA-332, -391',
		async body({lab, a, b, t, say, claim}) {
			const before = (await a.channel(b)).eventsReceived;
			const pings = lab.a.run('ping -q -c 5 -i 0.2 -W 20 dom0', {silent: true});
			const said = await b.evil('storm 100000');
			say(said);
			t.regex(said, /^100000 events, /);
			// A PVH guest of the lab leaves its emulated machine for each of them; one that watches, too,
			// has other things to do.
			if (lab.flavour.type === 'pv' && !watches(lab.flavour.stack)) {
				claim('event-rate', said);
			}
			await pings;
			const handled = async () => (await a.channel(b)).eventsReceived - before;
			await until('one is handled', async () => (await handled()) > 0);
			say(`${await handled()} of them were handled`);
			t.true((await handled()) < 1000);
			t.is((await a.channel(b)).state, 'live');
		},
	},
	{
		name: 'event-silence',
		does: 'takes and sends, but never says so',
		must: 'its own watch ends its channel, for nobody takes what it sends; the victim finds out when it speaks',
		rule: 'R10; watchdog',
		async body(bout) {
			const {a, b, t, say} = bout;
			await b.evil('mute');
			await until('the victim has given it up', async () => {
				await speak(bout);

				return (await a.channel(b)).state !== 'live';
			});
			const {state, reason} = await a.reaches(b, 'closed', 'stalled');
			say(`${state}, ${reason}`);
			t.true(['peer-closed', 'stalled'].includes(reason));
		},
	},
	{
		name: 'starvation',
		does: 'takes nothing, sends nothing, says nothing',
		must: 'stalled, once a packet has waited for 3 s; traffic goes the ordinary path',
		rule: 'R7; XSA-392',
		async body(bout) {
			const {a, b, t, lab} = bout;
			await b.evil('starve');
			await speak(bout);
			t.is((await a.reaches(b, 'stalled')).reason, 'stalled');
			await lab.a.run('ping -q -c 1 -W 20 b', {silent: true});
		},
	},
];
