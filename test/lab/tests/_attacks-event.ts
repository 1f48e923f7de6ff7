// SPDX-License-Identifier: MIT
import {speak, type Attack} from './_bout.ts';

export const events: readonly Attack[] = [
	{
		name: 'event-storm',
		does: '100 000 events as fast as Xen takes them, without a cause',
		must: 'the victim answers meanwhile, the channel stays',
		rule: 'R10 R11; XSA-332, -391',
		async body({lab, a, b, t, say, claim}) {
			const before = (await a.channel(b)).eventsReceived;
			const pings = lab.a.run('ping -q -c 5 -i 0.2 -W 20 dom0', {silent: true});
			const said = await b.evil('storm 100000');
			say(said);
			// A PVH guest of the lab leaves its emulated machine for each of them.
			if (lab.flavour.type === 'pv') claim('event-rate', said);
			await pings;
			const {eventsReceived, state} = await a.channel(b);
			say(`${eventsReceived - before} of them were handled`);
			t.is(state, 'live');
		},
	},
	{
		name: 'event-silence',
		does: 'takes and sends, but never says so',
		must: 'what waits is looked for; nothing is lost, the channel stays or is stalled',
		rule: 'R10; watchdog',
		async body({lab, a, b, t, say}) {
			await b.evil('mute');
			await lab.a.run('ping -q -c 3 -W 3 b', {fails: 'maybe', silent: true});
			const {state, reason} = await a.channel(b);
			say(`${state}, ${reason}`);
			t.true(['live', 'stalled'].includes(state));
		},
	},
	{
		name: 'starvation',
		does: 'takes nothing, sends nothing, says nothing',
		must: 'stalled within 3.5 s of the first packet that waits; traffic goes the ordinary path',
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
