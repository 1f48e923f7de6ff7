// SPDX-License-Identifier: MIT
//
// What a scrape costs dom0's daemon: 1000 peers of its own, and so many pairs of the host in which an end has said
// something. Prints CPU time, the longest turn of the event loop, and the size of the page.
import {emptyView} from '../../../userland/daemon/host/view.ts';
import {readForMetrics} from '../../../userland/daemon/reading.ts';
import type {Parts} from '../../../userland/daemon/daemon.ts';
import type {PeerStatus} from '../../../userland/control/protocol.ts';
import {Metrics} from '../../../userland/metrics/metrics.ts';
import {createPage} from '../../../userland/metrics/page.ts';
import {PeerTotals} from '../../../userland/metrics/peer-totals.ts';
import {emptyPolicy, inForce} from '../../../userland/policy/load.ts';
import {cpuOf, probeTurns} from '../../bench-control/scene.ts';
import {blank} from '../../fakes/kernel-world.ts';

const guests = 1000;
const active = Number(process.argv[2] ?? 100_000);

const offer = {epoch: 1, state: 'live', version: 1, controlRef: 1, eventPort: 1} as const;
const view = {
	...emptyView,
	counts: {allowed: active, refused: (guests * (guests + 1)) / 2 - active},
	*said() {
		for (let pair = 0; pair < active; pair++) {
			const declined = [undefined, undefined] as const;
			yield {epoch: 1, offers: [offer, offer] as const, declined};
		}
	},
};
const parts = {
	host: {view: () => view},
	endpoint: undefined,
	policy: () => inForce({policy: emptyPolicy, errors: [], dir: undefined}),
	problems: new Map(),
	world: {held: {}, isDom0: true},
} as unknown as Parts;

const domids = Array.from({length: guests}, (_, index) => index + 1);
const peers = domids.map((domid): PeerStatus => ({
	...{peer: `guest-${domid}`, domid, state: 'live', code: null, reason: null, since: 1, epoch: 1},
	...{wanted: false, rule: null, last_failure: null, peer_declines: null, links: []},
	...{ring_bytes: 131_072, peer_ring_bytes: 131_072, queues: 4, queued_bytes: 0},
	...{busy_poll_us: 0, ordinary: {}, tx_packets: 0, tx_bytes: 0, rx_packets: 0, rx_bytes: 0},
	...{events_sent: 0, events_received: 0, backlogged: 0, returned: 0, dropped_backlog: 0},
	...{dropped_source: 0, dropped_header: 0, dropped_memory: 0, dropped_device: 0},
	...{waits: 0, waits_paid: 0},
}));
const totals = new PeerTotals();
totals.update(
	domids.map(domid => ({
		...{domid, epoch: 1, name: '', links: [], wanted: false, busyPollUs: 0},
		ordinary: new Map([
			['no-channel', 1n],
			['size', 2n],
		]),
		channel: {...blank, state: 'live', reason: 'none', since: 1n, txPackets: 12_345n},
	})),
);
const page = createPage({
	metrics: new Metrics(),
	totals,
	unix: () => 1,
	async read() {
		const reading = await readForMetrics(parts);

		return {...reading, status: {...reading.status, peers}};
	},
});
for (let warm = 0; warm < 5; warm++) {
	await page();
}
const probe = probeTurns();
let text = '';
const ms = await cpuOf(async () => {
	text = await page();
});
const most = probe.most();
probe.stop();
const figures = [
	`${guests} peers, ${active} active pairs: ${ms.toFixed(0)} ms of CPU time`,
	`longest turn ${most.toFixed(1)} ms`,
	`${(text.length / 1024).toFixed(0)} KiB, ${text.split('\n').length} lines`,
];
process.stdout.write(`${figures.join(', ')}\n`);
